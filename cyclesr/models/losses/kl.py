"""KL divergences of latent codes from N(0, 1), the regularisers of UNIT and DRIT."""

from torch import Tensor


def unit_variance_kl(mean: Tensor) -> Tensor:
    """Returns the KL divergence of N(mean, 1) from N(0, 1), averaged over all entries, without the factor 1/2.

    UNIT's released code computes this on the noise-free mean.

    Differs from UNIT's paper: a mean instead of a sum over the latent entries; twice as large without the factor 1/2.
    """
    return mean.square().mean()


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Returns the KL divergence of N(mean, variance) from N(0, 1), summed over the code and averaged over the batch.

    Args:
        mean: means ``(N, code)``.
        log_variance: logarithms of the variances ``(N, code)``.

    Source: Kingma & Welling 2014, appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1).mean()
