"""KL divergences of codes from N(0, 1): the terms of UNIT and of DRIT."""

from torch import Tensor


def unit_variance_kl(mean: Tensor) -> Tensor:
    """KL divergence of N(mean, 1) from N(0, 1), averaged over all entries, without the factor 1/2.

    This is what UNIT's released code computes, on the noise-free mean.

    Differs from UNIT's paper: a mean instead of a sum over the latent entries, and twice as large.
    """
    return mean.square().mean()


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL divergence of N(mean, variance) from N(0, 1), summed over a code's entries, averaged over the batch.

    Args:
        mean, log_variance: ``(N, code)``.

    Source: Kingma & Welling 2014, appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1).mean()
