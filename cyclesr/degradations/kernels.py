"""Blur kernels: Gaussians of any orientation, with optional linear motion and sub-pixel shift."""

from math import ceil, cos, radians, sin

import torch
from torch import Tensor

# Samples of the motion path per pixel of its length; dense enough that the gaps are narrower than the Gaussian.
_POINTS_PER_PIXEL = 8


def blur_kernel(
    sigma_x: float,
    sigma_y: float | None = None,
    angle: float = 0.0,
    *,
    length: float = 0.0,
    direction: float = 0.0,
    shift: tuple[float, float] = (0.0, 0.0),
    size: int | None = None,
) -> Tensor:
    """Samples an anisotropic Gaussian, averaged along a straight motion path.

    Args:
        sigma_x: standard deviation along the first axis, in pixels.
        sigma_y: standard deviation along the second axis, in pixels; None is ``sigma_x``.
        angle: angle from the image's x axis to the first axis, in degrees, towards +y (down).
        length: length of the motion path in pixels; 0 for no motion.
        direction: direction of the motion path, in degrees like ``angle``.
        shift: (y, x) by which the kernel shifts the image, in pixels.
        size: odd side of the kernel in pixels; None covers 3 standard deviations, the path and the shift.

    Returns:
        The kernel ``(size, size)`` in float64, with sum 1. It is for a convolution, not a correlation: a centre of mass
        at +x shifts the image to the right.

    Raises:
        ValueError: a sigma is not positive, or ``size`` is even.
    """
    sigma_y = sigma_x if sigma_y is None else sigma_y
    if min(sigma_x, sigma_y) <= 0:
        raise ValueError(f"blur_kernel needs positive sigmas, found {sigma_x} and {sigma_y}")
    if size is None:
        size = 2 * ceil(3 * max(sigma_x, sigma_y) + length / 2 + max(map(abs, shift))) + 1
    if size % 2 == 0:
        raise ValueError(f"blur_kernel needs an odd size, found {size}")
    axis = torch.arange(size, dtype=torch.float64) - size // 2
    points = torch.linspace(-length / 2, length / 2, 1 + ceil(length * _POINTS_PER_PIXEL), dtype=torch.float64)
    turn, drag = radians(angle), radians(direction)
    y = axis[:, None, None] - shift[0] - points * sin(drag)
    x = axis[None, :, None] - shift[1] - points * cos(drag)
    along, across = x * cos(turn) + y * sin(turn), y * cos(turn) - x * sin(turn)
    kernel = torch.exp(-0.5 * ((along / sigma_x) ** 2 + (across / sigma_y) ** 2)).sum(-1)
    return kernel / kernel.sum()
