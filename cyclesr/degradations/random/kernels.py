"""Kernels of random blurs: Gaussians, their flatter and more pointed relatives, and circular low-pass filters."""

import math
from typing import Literal

import torch
from torch import Tensor

Form = Literal["gaussian", "generalised", "plateau"]
FORMS = ("gaussian", "generalised", "plateau")


def bell_kernel(
    form: Form, sigma: tuple[float, float], angle: float = 0.0, power: float = 1.0, size: int = 21
) -> Tensor:
    """Samples a bell-shaped kernel ``(size, size)`` in float64, with sum 1.

    With the squared distance d from the centre, in units of ``sigma`` along two axes, it is exp(-d^power / 2)
    (``generalised``; ``gaussian`` has the power 1) or 1 / (1 + d^power) (``plateau``).

    Args:
        form: see above.
        sigma: along the two axes, in pixels; with the power 1, standard deviations of the Gaussian.
        angle: from the image's x axis to the first axis, in degrees, towards +y (down).
        power: of the squared distance.
        size: odd side in pixels.

    Source: Liu et al. 2020 (generalised and plateau kernels); Wang et al., ICCVW 2021 (Real-ESRGAN), Sec. 3.1.
    """
    axis = torch.arange(size, dtype=torch.float64) - size // 2
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    turn = math.radians(angle)
    along, across = x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn)
    distance = (along / sigma[0]).square() + (across / sigma[1]).square()
    if form == "plateau":
        kernel = 1 / (1 + distance**power)
    else:
        kernel = torch.exp(-0.5 * distance ** (power if form == "generalised" else 1.0))
    return kernel / kernel.sum()


def sinc_kernel(cutoff: float, size: int = 21) -> Tensor:
    """Samples the kernel of a circular low-pass filter, ``(size, size)`` in float64, with sum 1; it makes ringing.

    Args:
        cutoff: frequency above which nothing passes, in radians per pixel, up to pi.
        size: odd side in pixels.

    Source: Wang et al., ICCVW 2021 (Real-ESRGAN), Eq. (6).
    """
    axis = torch.arange(size, dtype=torch.float64) - size // 2
    radius = torch.hypot(axis[:, None], axis)
    kernel = cutoff * torch.special.bessel_j1(cutoff * radius) / (2 * math.pi * radius)
    kernel[size // 2, size // 2] = cutoff**2 / (4 * math.pi)
    return kernel / kernel.sum()
