"""NIQE (Mittal, Soundararajan and Bovik, IEEE SPL 2013): how far an image is from pristine photographs, without HR.

The distance between two Gaussians of 36 features each: that of the image's blocks, and that of pristine photographs,
with the parameters that the authors published (``parameters/README.md``). Lower is better; photographs have 2 to 5.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from cyclesr.degradations.imresize import imresize
from cyclesr.errors import UserError
from cyclesr.metrics.pixels import Image, crop_border, to_luma, to_planes

BLOCK = 96  # pixels a side, as the published parameters were made
WINDOW, SIGMA = 7, 7 / 6  # of the local mean and deviation
SHAPES = (0.2, 10.0, 0.001)  # first, last and step of the shape parameters that are tried
NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))
PARAMETERS = Path(__file__).parent / "parameters" / "niqe.npz"


def niqe(image: Image, *, border: int = 0) -> float:
    """Measures NIQE of one image, on luma in whole numbers as MATLAB's rgb2ycbcr makes it.

    Args:
        image: array (H, W, 3) or tensor (3, H, W); see :func:`cyclesr.metrics.pixels.to_planes`.
        border: pixels cut from every side first.

    Raises:
        UserError: less than two blocks of 96 pixels a side.
    """
    return niqe_of_planes(crop_border(to_planes(image, rounded=True), border))


def niqe_of_planes(rgb: Tensor) -> float:
    """Measures NIQE of (3, H, W) in 0..255; see :func:`niqe`."""
    height, width = rgb.shape[1:]
    rows, columns = height // BLOCK, width // BLOCK
    if not enough_blocks(height, width):
        raise UserError(
            f"NIQE needs at least two blocks of {BLOCK}x{BLOCK} pixels, found an image of {width}x{height} to score: "
            "score without NIQE, or larger images."
        )
    luma = to_luma(rgb.double(), rounded=True)[0, : rows * BLOCK, : columns * BLOCK]
    halved = imresize(luma, scale=0.5)
    features = torch.cat([_features(luma, BLOCK), _features(halved, BLOCK // 2)], dim=1)
    return _distance(features)


def enough_blocks(height: int, width: int) -> bool:
    """Returns whether an image is large enough for NIQE: two blocks of 96 pixels a side."""
    return (height // BLOCK) * (width // BLOCK) >= 2


def _distance(features: Tensor) -> float:
    """The distance of (blocks, 36) features from those of pristine photographs (Eq. 10)."""
    mean, covariance = (parameter.to(features.device) for parameter in _pristine())
    # A flat block has no shape. As in the authors' program it counts in the means that it has, not in the covariance.
    whole = features[features.isfinite().all(1)]
    if len(whole) < 2:
        return float("nan")
    away = mean - features.nanmean(0)
    pooled = (covariance + torch.cov(whole.T)) / 2
    return float((away @ torch.linalg.pinv(pooled) @ away).sqrt())


@lru_cache(maxsize=1)
def _pristine() -> tuple[Tensor, Tensor]:
    with np.load(PARAMETERS) as file:
        return torch.from_numpy(file["mean"]), torch.from_numpy(file["covariance"])


def _features(luma: Tensor, block: int) -> Tensor:
    """Eighteen numbers of each block of (H, W): (blocks, 18)."""
    blocks = _normalised(luma).unfold(0, block, block).unfold(1, block, block).flatten(0, 1)
    shape, left, right = _asymmetric_gaussian(blocks)
    found = [shape, (left + right) / 2]
    for shift in NEIGHBOURS:
        shape, left, right = _asymmetric_gaussian(blocks * blocks.roll(shift, dims=(1, 2)))
        mean = (right - left) * _gamma_ratio(2 / shape, 1 / shape)  # Eq. 8
        found += [shape, mean, left, right]
    return torch.stack(found, dim=1)


def _normalised(luma: Tensor) -> Tensor:
    """Subtracts the local mean and divides by the local deviation (Eq. 1)."""
    mean = _blur(luma)
    deviation = (_blur(luma.square()) - mean.square()).abs().sqrt()
    return (luma - mean) / (deviation + 1)


def _blur(image: Tensor) -> Tensor:
    taps = torch.arange(WINDOW, dtype=image.dtype, device=image.device) - WINDOW // 2
    weights = torch.exp(-taps.square() / (2 * SIGMA**2))
    weights = weights / weights.sum()
    padded = F.pad(image[None, None], (WINDOW // 2,) * 4, mode="replicate")
    return F.conv2d(F.conv2d(padded, weights.view(1, 1, -1, 1)), weights.view(1, 1, 1, -1))[0, 0]


def _asymmetric_gaussian(blocks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Fits an asymmetric generalised Gaussian to each of (blocks, h, w) by its moments (Eq. 7).

    Returns:
        Shape, and left and right spread: (blocks,) each.
    """
    values = blocks.flatten(1)
    left, right = (_deviation(values, side) for side in (values < 0, values > 0))
    ratio = left / right
    moments = values.abs().mean(1).square() / values.square().mean(1)
    wanted = moments * (ratio**3 + 1) * (ratio + 1) / (ratio.square() + 1).square()
    shapes, table = _moments_of_shapes(values.device)
    shape = shapes[(table[:, None] - wanted).square().argmin(0)]
    spread = _gamma_ratio(1 / shape, 3 / shape).sqrt()
    return shape, left * spread, right * spread


def _deviation(values: Tensor, chosen: Tensor) -> Tensor:
    return ((values * chosen).square().sum(1) / chosen.sum(1)).sqrt()


def _moments_of_shapes(device: torch.device) -> tuple[Tensor, Tensor]:
    """The shape parameters that are tried, and the ratio of moments that each of them has."""
    first, last, step = SHAPES
    shapes = first + step * torch.arange(round((last - first) / step) + 1, dtype=torch.float64, device=device)
    return shapes, _gamma_ratio(2 / shapes, 1 / shapes) * _gamma_ratio(2 / shapes, 3 / shapes)


def _gamma_ratio(a: Tensor, b: Tensor) -> Tensor:
    """Gamma(a) / Gamma(b) for positive numbers."""
    return (torch.lgamma(a) - torch.lgamma(b)).exp()
