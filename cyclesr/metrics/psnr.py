"""Peak signal-to-noise ratio."""

import math

from cyclesr.metrics.pixels import Image, check_same_size, crop_border, to_luma, to_planes

PEAK = 255.0


def psnr(sr: Image, hr: Image, *, border: int = 0, luma: bool = False, rounded: bool = True) -> float:
    """PSNR of one image pair: 10 log10(255² / MSE), one MSE over all pixels and channels together.

    Args:
        sr: array (H, W, 3) or tensor (3, H, W); see :func:`cyclesr.metrics.pixels.to_planes`.
        hr: the same.
        border: pixels cut from every side first.
        luma: compares BT.601 studio-range Y (not rounded) in place of RGB.
        rounded: rounds both images to 8 bits first.

    Returns:
        dB; ``inf`` for equal images.

    Raises:
        UserError: the sizes differ, or the border leaves nothing.
    """
    planes = [to_planes(image, rounded) for image in (sr, hr)]
    check_same_size(*planes)
    first, second = (crop_border(to_luma(p) if luma else p, border) for p in planes)
    return to_decibel((first - second).square().mean().item())


def to_decibel(mse: float) -> float:
    """PSNR in dB of a mean squared error on the scale 0..255; ``inf`` at zero."""
    return 10 * math.log10(PEAK**2 / mse) if mse > 0 else math.inf
