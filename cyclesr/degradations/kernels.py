"""Blur kernels: Gaussians of any orientation, dragged along a straight path, off-centre by a sub-pixel shift."""

from math import ceil, cos, radians, sin

import torch
from torch import Tensor

# Points along a motion path per pixel of its length: the Gaussian is never thinner than the gaps between them.
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
        sigma_x: standard deviation along the first axis, pixels.
        sigma_y: the same along the second axis; default ``sigma_x``.
        angle: of the first axis against the image's x axis, degrees, towards +y (down).
        length: of the motion path, pixels; 0 for none.
        direction: of the motion path, degrees.
        shift: (y, x) by which the picture moves, pixels.
        size: odd side length; the default holds 3 standard deviations, the path and the shift.

    Returns:
        (size, size) float64, sum 1. It is meant for a true convolution: mass at +x moves the picture to the right.

    Raises:
        ValueError: a sigma that is not positive, or an even size.
    """
    sigma_y = sigma_x if sigma_y is None else sigma_y
    if min(sigma_x, sigma_y) <= 0:
        raise ValueError(f"a blur needs sigma > 0, not {sigma_x}, {sigma_y}")
    if size is None:
        size = 2 * ceil(3 * max(sigma_x, sigma_y) + length / 2 + max(map(abs, shift))) + 1
    if size % 2 == 0:
        raise ValueError(f"the size of a kernel is odd, not {size}")
    axis = torch.arange(size, dtype=torch.float64) - size // 2
    points = torch.linspace(-length / 2, length / 2, 1 + ceil(length * _POINTS_PER_PIXEL), dtype=torch.float64)
    turn, drag = radians(angle), radians(direction)
    y = axis[:, None, None] - shift[0] - points * sin(drag)
    x = axis[None, :, None] - shift[1] - points * cos(drag)
    along, across = x * cos(turn) + y * sin(turn), y * cos(turn) - x * sin(turn)
    kernel = torch.exp(-0.5 * ((along / sigma_x) ** 2 + (across / sigma_y) ** 2)).sum(-1)
    return kernel / kernel.sum()
