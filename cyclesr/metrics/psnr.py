"""Peak signal-to-noise ratio."""

import math

from cyclesr.metrics.pixels import Image, check_same_size, crop_border, to_luma, to_planes

PEAK = 255.0


def psnr(sr: Image, hr: Image, *, border: int = 0, luma: bool = False, rounded: bool = True) -> float:
    """Computes PSNR of one image pair: 10 log10(255² / MSE), with one MSE over all pixels and channels.

    Args:
        sr: array ``(H, W, 3)`` or tensor ``(3, H, W)``, see :func:`cyclesr.metrics.pixels.to_planes`.
        hr: image of the same size.
        border: number of pixels to crop from every side first.
        luma: whether to compare BT.601 studio-range Y (not rounded) instead of RGB.
        rounded: whether to round both images to 8 bits first.

    Returns:
        PSNR in dB; ``inf`` for equal images.

    Raises:
        UserError: the sizes differ, or no pixels remain without the border.
    """
    planes = [to_planes(image, rounded) for image in (sr, hr)]
    check_same_size(*planes)
    first, second = (crop_border(to_luma(p) if luma else p, border) for p in planes)
    return to_decibel((first - second).square().mean().item())


def to_decibel(mse: float) -> float:
    """Converts a mean squared error for values in 0..255 to PSNR in dB; ``inf`` at zero."""
    return 10 * math.log10(PEAK**2 / mse) if mse > 0 else math.inf
