"""Kernels with a given radial MTF."""

import numpy as np
import torch
from torch import Tensor

from cyclesr.degradations.camera.mtf import FREQUENCIES
from cyclesr.errors import UserError

_GRID = 64  # points of the frequency grid along each side


def kernel_from_mtf(mtf: np.ndarray, size: int = 15, frequencies: np.ndarray = FREQUENCIES) -> Tensor:
    """Computes the kernel whose spectrum is closest to a radial MTF, by least squares over the plane of frequencies.

    Beyond the last frequency (the corners of the spectrum) the MTF falls linearly to 0.

    Args:
        mtf: (n,) gains at ``frequencies``; they are divided by the gain at frequency 0.
        size: odd side of the kernel in pixels.
        frequencies: (n,) frequencies in cycles per pixel, ascending from 0.

    Returns:
        The kernel ``(size, size)`` in float64 with sum 1, symmetric about both axes and both diagonals.

    Raises:
        UserError: ``size`` is even or too large, or the MTF is not finite or not positive at frequency 0.
    """
    if size % 2 == 0 or not 1 <= size < _GRID:
        raise UserError(f"The size of a kernel must be odd and below {_GRID}, found {size}.")
    if not np.isfinite(mtf).all() or mtf[0] <= 0:
        raise UserError(
            "An MTF must be finite, and positive at frequency 0: measure more images, or images with more edges."
        )
    axis = np.fft.fftfreq(_GRID)
    radius = np.hypot(axis[:, None], axis)
    gains = np.interp(radius, [*frequencies, np.sqrt(0.5)], [*(mtf / mtf[0]), 0.0])
    impulse = np.fft.fftshift(np.fft.ifft2(gains).real)
    first = _GRID // 2 - size // 2
    kernel = impulse[first : first + size, first : first + size]
    return torch.from_numpy(kernel + (1 - kernel.sum()) / kernel.size)  # least squares under the sum


def mtf_of_kernel(kernel: Tensor, frequencies: np.ndarray = FREQUENCIES) -> np.ndarray:
    """Returns the (n,) MTF of a (size, size) kernel: the real part of its spectrum, averaged over all directions."""
    table = kernel.double().cpu().numpy()
    y, x = np.mgrid[: table.shape[0], : table.shape[1]]
    y, x = y - table.shape[0] // 2, x - table.shape[1] // 2
    angles = np.linspace(0, np.pi, 32, endpoint=False)
    phase = 2 * np.pi * (np.sin(angles)[:, None, None] * y + np.cos(angles)[:, None, None] * x)
    return np.array([(np.cos(f * phase) * table).sum((1, 2)).mean() for f in frequencies])
