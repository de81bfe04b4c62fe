"""The KL term of UNIT."""

from torch import Tensor


def unit_variance_kl(mean: Tensor) -> Tensor:
    """KL divergence of N(mean, 1) from N(0, 1), averaged over all entries, without the factor 1/2.

    This is what UNIT's released code computes, on the noise-free mean.

    Differs from UNIT's paper: a mean instead of a sum over the latent entries, and twice as large.
    """
    return mean.square().mean()
