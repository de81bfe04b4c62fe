"""Structural similarity (Wang et al. 2004) with each of the windows that the protocols use."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from cyclesr.errors import UserError
from cyclesr.metrics.pixels import Image, check_same_size, crop_border, to_luma, to_planes

C1 = (0.01 * 255) ** 2
C2 = (0.03 * 255) ** 2
SMALLEST = 11  # pixels: every window fits

SsimMap = Callable[[Tensor, Tensor], Tensor]


def ssim(
    sr: Image, hr: Image, *, window: str = "wang", border: int = 0, luma: bool = False, rounded: bool = True
) -> float:
    """SSIM of one image pair: the mean of the map, a channel at a time, then the mean over channels.

    Args:
        sr: array (H, W, 3) or tensor (3, H, W); see :func:`cyclesr.metrics.pixels.to_planes`.
        hr: the same.
        window: a key of :data:`WINDOWS`: ``wang`` (11-tap Gaussian, sigma 1.5, valid pixels only: ssim_index, BasicSR),
            ``ntire18`` (13 taps, 5 pixels cut from the map) or ``uniform7`` (scikit-image's default: 7x7 uniform,
            sample covariance).
        border: pixels cut from every side first.
        luma: compares BT.601 studio-range Y (not rounded) in place of RGB.
        rounded: rounds both images to 8 bits first.

    Raises:
        UserError: the sizes differ, or the border leaves less than the window.
    """
    planes = [to_planes(image, rounded) for image in (sr, hr)]
    check_same_size(*planes)
    first, second = (crop_border(to_luma(p) if luma else p, border) for p in planes)
    return float(mean_ssim(first, second, window))


def mean_ssim(first: Tensor, second: Tensor, window: str = "wang") -> Tensor:
    """SSIM of planes (..., C, H, W) in 0..255; returns (...).

    Raises:
        UserError: the images are smaller than the window.
    """
    height, width = first.shape[-2:]
    if min(height, width) < SMALLEST:
        raise UserError(
            f"SSIM needs {SMALLEST}x{SMALLEST} pixels at least; after the border cut {width}x{height} are left."
        )
    return WINDOWS[window](first, second).mean(dim=(-3, -2, -1))


def gaussian_map(first: Tensor, second: Tensor, radius: int, pad: int) -> Tensor:
    """SSIM map with a Gaussian window of 2 ``radius`` + 1 taps, sigma 1.5, population covariance.

    Args:
        first: (..., H, W) in 0..255.
        second: the same.
        radius: taps on each side of the centre.
        pad: pixels of symmetric border, edge pixel repeated, added first. The window then takes valid pixels only.
    """
    return _ssim_map(_pad(first, pad), _pad(second, pad), gaussian_taps(radius), correction=1.0)


def gaussian_taps(radius: int) -> Tensor:
    """Weights of a Gaussian window along one side: 2 ``radius`` + 1 taps, sigma 1.5, of sum 1."""
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    taps = torch.exp(-(x**2) / (2 * 1.5**2))
    return taps / taps.sum()


def uniform_map(first: Tensor, second: Tensor, size: int) -> Tensor:
    """SSIM map with a ``size`` x ``size`` uniform window over valid pixels, sample covariance (n / (n - 1))."""
    n = size * size
    return _ssim_map(first, second, torch.full((size,), 1 / size, dtype=torch.float64), correction=n / (n - 1))


def _ssim_map(first: Tensor, second: Tensor, taps: Tensor, correction: float) -> Tensor:
    """Equation (13) of Wang et al. 2004."""
    luminance, structure = ssim_terms(first, second, taps, correction)
    return luminance * structure


def ssim_terms(first: Tensor, second: Tensor, taps: Tensor, correction: float = 1.0) -> tuple[Tensor, Tensor]:
    """The two factors of the SSIM map, luminance and contrast-structure, over valid pixels.

    Args:
        first: (..., H, W) in 0..255.
        second: the same.
        taps: of the window along each side.
        correction: of the covariances: n / (n - 1) for those of a sample.
    """
    mean1, mean2 = _filter(first, taps), _filter(second, taps)
    square1, square2, product = mean1 * mean1, mean2 * mean2, mean1 * mean2
    variances = (_filter(first * first, taps) - square1) + (_filter(second * second, taps) - square2)
    covariance = _filter(first * second, taps) - product
    structure = (2 * correction * covariance + C2) / (correction * variances + C2)
    return (2 * product + C1) / (square1 + square2 + C1), structure


def _filter(planes: Tensor, taps: Tensor) -> Tensor:
    # Sums of shifted planes: for float64 on a CPU 16 times as fast as conv2d.
    return _filter_along(_filter_along(planes, taps, -2), taps, -1)


def _filter_along(planes: Tensor, taps: Tensor, dim: int) -> Tensor:
    length = planes.shape[dim] - len(taps) + 1
    weights = taps.tolist()
    total = planes.narrow(dim, 0, length) * weights[0]
    for start, weight in enumerate(weights[1:], start=1):
        total.add_(planes.narrow(dim, start, length), alpha=weight)
    return total


def _pad(planes: Tensor, pad: int) -> Tensor:
    for dim in (-2, -1):
        if pad:
            low = planes.narrow(dim, 0, pad).flip(dim)
            high = planes.narrow(dim, planes.shape[dim] - pad, pad).flip(dim)
            planes = torch.cat([low, planes, high], dim)
    return planes


WINDOWS: dict[str, SsimMap] = {
    "wang": partial(gaussian_map, radius=5, pad=0),
    # scipy's gaussian_filter truncates at 4 sigma (radius 6) and reflects the border; the scorer then cuts 5 pixels.
    "ntire18": partial(gaussian_map, radius=6, pad=1),
    "uniform7": partial(uniform_map, size=7),
}
