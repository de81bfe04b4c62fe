"""Structural similarity as a loss, over one scale or several."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.metrics.ssim import SMALLEST, gaussian_taps, mean_ssim, ssim_terms
from cyclesr.models.losses.precision import full
from cyclesr.registry import LOSSES

RADIUS = 5  # Wang's window: 11 taps
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # Wang et al. 2003, Sec. 3.2
FLOOR = 1e-6  # of a similarity under a fractional power, which negative numbers do not have


def structural_similarity(sr: Tensor, hr: Tensor) -> Tensor:
    """Mean SSIM of images ``(N, 3, H, W)`` in [0, 1], with the window of the evaluation's ``wang``.

    Raises:
        UserError: images smaller than 11 pixels.
    """
    first, second = (255 * image for image in full(sr, hr))
    return mean_ssim(first, second, "wang").mean()


def multi_scale_similarity(sr: Tensor, hr: Tensor, weights: Sequence[float] = SCALE_WEIGHTS) -> Tensor:
    """Mean MS-SSIM of images ``(N, 3, H, W)`` in [0, 1] (Wang et al. 2003, Eq. 7), a channel at a time.

    Each scale is the mean over 2x2 pixels of the one before; odd rows and columns at the end are left out.

    Args:
        sr, hr: the images.
        weights: exponents of the scales, finest first.

    Raises:
        UserError: images smaller than the window at the coarsest scale.
    """
    first, second = (255 * image for image in full(sr, hr))
    _check_size(first, len(weights))
    product = first.new_ones(())
    for scale, weight in enumerate(weights, start=1):
        luminance, structure = ssim_terms(first, second, gaussian_taps(RADIUS))
        similarity = structure if scale < len(weights) else luminance * structure
        product = product * similarity.mean(dim=(-2, -1)).clamp(min=FLOOR) ** weight
        first, second = F.avg_pool2d(first, 2), F.avg_pool2d(second, 2)
    return product.mean()


def _check_size(image: Tensor, scales: int) -> None:
    needed, found = SMALLEST * 2 ** (scales - 1), min(image.shape[-2:])
    if found < needed:
        raise UserError(
            f"MS-SSIM over {scales} scales needs HR crops of {needed} pixels at least, found {found}: take larger "
            "crops, or give fewer weights."
        )


@LOSSES.register_module()
class SSIMLoss(nn.Module):
    """Weighted 1 - SSIM (Wang et al. 2004), with the window that the evaluation's ``wang`` has."""

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        """A scalar from two tensors ``(N, 3, H, W)`` in [0, 1]."""
        return self.weight * (1 - structural_similarity(sr, hr))


@LOSSES.register_module()
class MSSSIMLoss(nn.Module):
    """Weighted 1 - MS-SSIM (Wang et al. 2003).

    Args:
        weight: of the loss.
        scale_weights: see :func:`multi_scale_similarity`; None takes the five published ones, which need HR crops of
            176 pixels.

    Differs from the paper: a similarity below 1e-6 counts as 1e-6, whose power is real.
    """

    TINY: ClassVar[dict[str, Any]] = dict(scale_weights=(0.5, 0.5))

    def __init__(self, weight: float = 1.0, scale_weights: Sequence[float] | None = None) -> None:
        super().__init__()
        self.weight = weight
        self.scale_weights = tuple(scale_weights or SCALE_WEIGHTS)

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        """A scalar from two tensors ``(N, 3, H, W)`` in [0, 1]."""
        return self.weight * (1 - multi_scale_similarity(sr, hr, self.scale_weights))
