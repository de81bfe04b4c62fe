"""Structural similarity (Wang et al. 2004) with the windows that the protocols use."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from cyclesr.errors import UserError
from cyclesr.metrics.pixels import Image, check_same_size, crop_border, to_luma, to_planes

C1 = (0.01 * 255) ** 2
C2 = (0.03 * 255) ** 2
SMALLEST = 11  # minimum side of an image in pixels, for every window

SsimMap = Callable[[Tensor, Tensor], Tensor]


def ssim(
    sr: Image, hr: Image, *, window: str = "wang", border: int = 0, luma: bool = False, rounded: bool = True
) -> float:
    """Computes SSIM of one image pair: the mean of the SSIM map of each channel, averaged over channels.

    Args:
        sr: array ``(H, W, 3)`` or tensor ``(3, H, W)``, see :func:`cyclesr.metrics.pixels.to_planes`.
        hr: image of the same size.
        window: a key of :data:`WINDOWS`: ``wang`` (11-tap Gaussian, sigma 1.5, only valid pixels, as in ssim_index and
            BasicSR), ``ntire18`` (13 taps, 5 pixels cropped from the map) or ``uniform7`` (scikit-image's default: 7x7
            uniform, sample covariance).
        border: number of pixels to crop from every side first.
        luma: whether to compare BT.601 studio-range Y (not rounded) instead of RGB.
        rounded: whether to round both images to 8 bits first.

    Raises:
        UserError: the sizes differ, or the images without the border are smaller than 11 pixels.
    """
    planes = [to_planes(image, rounded) for image in (sr, hr)]
    check_same_size(*planes)
    first, second = (crop_border(to_luma(p) if luma else p, border) for p in planes)
    return float(mean_ssim(first, second, window))


def mean_ssim(first: Tensor, second: Tensor, window: str = "wang") -> Tensor:
    """Computes the mean SSIM ``(...)`` of planes ``(..., C, H, W)`` in 0..255.

    Raises:
        UserError: the images are smaller than 11 pixels.
    """
    height, width = first.shape[-2:]
    if min(height, width) < SMALLEST:
        raise UserError(
            f"SSIM needs images of at least {SMALLEST}x{SMALLEST} pixels, found {width}x{height} after the border "
            "crop: use larger images."
        )
    return WINDOWS[window](first, second).mean(dim=(-3, -2, -1))


def gaussian_map(first: Tensor, second: Tensor, radius: int, pad: int) -> Tensor:
    """Computes the SSIM map with a Gaussian window of sigma 1.5 and population covariance, on valid pixels.

    Args:
        first: ``(..., H, W)`` in 0..255.
        second: ``(..., H, W)`` in 0..255.
        radius: number of taps on each side of the centre of the window.
        pad: number of pixels of symmetric padding (edge pixels repeated) on each side.
    """
    return _ssim_map(_pad(first, pad), _pad(second, pad), gaussian_taps(radius), correction=1.0)


def gaussian_taps(radius: int) -> Tensor:
    """Returns the 2 ``radius`` + 1 weights of a Gaussian window along one axis, with sigma 1.5 and sum 1."""
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    taps = torch.exp(-(x**2) / (2 * 1.5**2))
    return taps / taps.sum()


def uniform_map(first: Tensor, second: Tensor, size: int) -> Tensor:
    """Computes the SSIM map with a uniform window and sample covariance (n / (n - 1)), on valid pixels."""
    n = size * size
    return _ssim_map(first, second, torch.full((size,), 1 / size, dtype=torch.float64), correction=n / (n - 1))


def _ssim_map(first: Tensor, second: Tensor, taps: Tensor, correction: float) -> Tensor:
    """Computes Eq. (13) of Wang et al. 2004."""
    luminance, structure = ssim_terms(first, second, taps, correction)
    return luminance * structure


def ssim_terms(first: Tensor, second: Tensor, taps: Tensor, correction: float = 1.0) -> tuple[Tensor, Tensor]:
    """Computes the two factors of the SSIM map, luminance and contrast-structure, on valid pixels.

    Args:
        first: ``(..., H, W)`` in 0..255.
        second: ``(..., H, W)`` in 0..255.
        taps: weights of the window along each axis.
        correction: factor of the covariances: n / (n - 1) for sample covariances.
    """
    mean1, mean2 = _filter(first, taps), _filter(second, taps)
    square1, square2, product = mean1 * mean1, mean2 * mean2, mean1 * mean2
    variances = (_filter(first * first, taps) - square1) + (_filter(second * second, taps) - square2)
    covariance = _filter(first * second, taps) - product
    structure = (2 * correction * covariance + C2) / (correction * variances + C2)
    return (2 * product + C1) / (square1 + square2 + C1), structure


def _filter(planes: Tensor, taps: Tensor) -> Tensor:
    # Sums of shifted planes are 16 times as fast as conv2d for float64 on a CPU.
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
    # scipy's gaussian_filter truncates at 4 sigma (radius 6) and reflects the border; the scorer then crops 5 pixels.
    "ntire18": partial(gaussian_map, radius=6, pad=1),
    "uniform7": partial(uniform_map, size=7),
}
