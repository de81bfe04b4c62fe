"""Structural similarity as a loss, at one scale or several."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError
from cyclesr.metrics.ssim import SMALLEST, gaussian_taps, mean_ssim, ssim_terms
from cyclesr.models.losses.precision import full
from cyclesr.registry import LOSSES

RADIUS = 5  # Wang's window: 11 taps
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # Wang et al. 2003, Sec. 3.2
FLOOR = 1e-6  # minimum of a similarity before a fractional power, which is undefined for negative numbers


def structural_similarity(sr: Tensor, hr: Tensor) -> Tensor:
    """Returns the mean SSIM of images ``(N, 3, H, W)`` in [0, 1], with the window that the evaluation calls ``wang``.

    Raises:
        UserError: the images are smaller than 11 pixels.
    """
    first, second = (255 * image for image in full(sr, hr))
    return mean_ssim(first, second, "wang").mean()


def multi_scale_similarity(sr: Tensor, hr: Tensor, weights: Sequence[float] = SCALE_WEIGHTS) -> Tensor:
    """Returns the mean MS-SSIM of images ``(N, 3, H, W)`` in [0, 1] (Wang et al. 2003, Eq. 7), averaged over channels.

    Each scale averages 2x2 pixels of the one before it. A last odd row or column is dropped.

    Args:
        sr: SR images.
        hr: HR images.
        weights: exponents of the scales, finest first.

    Raises:
        UserError: the images are smaller than the window at the coarsest scale.
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
            f"MS-SSIM over {scales} scales needs HR crops of at least {needed} pixels, found {found}: use larger crops "
            "or fewer scale_weights."
        )


@LOSSES.register_module()
class SSIMLoss(nn.Module):
    """Weighted 1 - SSIM, with the window that the evaluation calls ``wang``.

    Source: Wang et al. 2004.
    """

    PAPER: ClassVar[Paper] = Paper("Wang et al. 2004")

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        """Returns the loss of two tensors ``(N, 3, H, W)`` in [0, 1], a scalar."""
        return self.weight * (1 - structural_similarity(sr, hr))


@LOSSES.register_module()
class MSSSIMLoss(nn.Module):
    """Weighted 1 - MS-SSIM.

    Args:
        weight: weight of the loss.
        scale_weights: exponents of the scales, finest first. None uses the five published ones, which need HR crops of
            at least 176 pixels.

    Raises:
        UserError: the images are smaller than the window at the coarsest scale.

    Source: Wang et al. 2003.

    Differs from the paper: similarities are clamped to at least 1e-6, because powers of negative numbers are undefined.
    """

    PAPER: ClassVar[Paper] = Paper("Wang et al. 2003")
    TINY: ClassVar[dict[str, Any]] = dict(scale_weights=(0.5, 0.5))

    def __init__(self, weight: float = 1.0, scale_weights: Sequence[float] | None = None) -> None:
        super().__init__()
        self.weight = weight
        self.scale_weights = tuple(scale_weights or SCALE_WEIGHTS)

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        """Returns the loss of two tensors ``(N, 3, H, W)`` in [0, 1], a scalar."""
        return self.weight * (1 - multi_scale_similarity(sr, hr, self.scale_weights))
