"""NIQE (Mittal, Soundararajan and Bovik, IEEE SPL 2013): distance of an image to pristine photographs, without HR.

It is the distance between two Gaussian models of 36 features: that of the image's blocks and that of pristine
photographs, whose parameters the authors published (``parameters/README.md``). Lower is better; photographs have values
of 2 to 5.
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

BLOCK = 96  # side of the blocks in pixels, as for the published parameters
WINDOW, SIGMA = 7, 7 / 6  # size and standard deviation of the window of local means and deviations
SHAPES = (0.2, 10.0, 0.001)  # first, last and step of the grid of shape parameters
NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))
PARAMETERS = Path(__file__).parent / "parameters" / "niqe.npz"


def niqe(image: Image, *, border: int = 0) -> float:
    """Computes NIQE of one image, on luma rounded to integers as in MATLAB's rgb2ycbcr.

    Args:
        image: array ``(H, W, 3)`` or tensor ``(3, H, W)``, see :func:`cyclesr.metrics.pixels.to_planes`.
        border: number of pixels to crop from every side first.

    Raises:
        UserError: the image has fewer than two blocks of 96x96 pixels.
    """
    return niqe_of_planes(crop_border(to_planes(image, rounded=True), border))


def niqe_of_planes(rgb: Tensor) -> float:
    """Computes NIQE of ``(3, H, W)`` in 0..255, see :func:`niqe`.

    Returns:
        The score, or NaN if the features of fewer than two blocks are finite.
    """
    height, width = rgb.shape[1:]
    rows, columns = height // BLOCK, width // BLOCK
    if not enough_blocks(height, width):
        raise UserError(
            f"NIQE needs at least two blocks of {BLOCK}x{BLOCK} pixels, found an image of {width}x{height}: score "
            "without NIQE or use larger images."
        )
    luma = to_luma(rgb.double(), rounded=True)[0, : rows * BLOCK, : columns * BLOCK]
    halved = imresize(luma, scale=0.5)
    features = torch.cat([_features(luma, BLOCK), _features(halved, BLOCK // 2)], dim=1)
    return _distance(features)


def enough_blocks(height: int, width: int) -> bool:
    """Returns whether an image is large enough for NIQE: at least two blocks of 96x96 pixels."""
    return (height // BLOCK) * (width // BLOCK) >= 2


def _distance(features: Tensor) -> float:
    """Computes the distance of (blocks, 36) features from the model of pristine photographs (Eq. 10)."""
    mean, covariance = (parameter.to(features.device) for parameter in _pristine())
    # Flat blocks have undefined features. As in the authors' program, their defined features count in the mean, but
    # not in the covariance.
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
    """Computes 18 features of each block of (H, W), (blocks, 18)."""
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
    """Returns the grid of shape parameters and the ratio of moments for each of them."""
    first, last, step = SHAPES
    shapes = first + step * torch.arange(round((last - first) / step) + 1, dtype=torch.float64, device=device)
    return shapes, _gamma_ratio(2 / shapes, 1 / shapes) * _gamma_ratio(2 / shapes, 3 / shapes)


def _gamma_ratio(a: Tensor, b: Tensor) -> Tensor:
    """Computes Gamma(a) / Gamma(b) for positive numbers."""
    return (torch.lgamma(a) - torch.lgamma(b)).exp()
