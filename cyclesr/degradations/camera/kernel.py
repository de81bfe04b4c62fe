"""Kernels that have a given radial MTF."""

import numpy as np
import torch
from torch import Tensor

from cyclesr.degradations.camera.mtf import FREQUENCIES
from cyclesr.errors import UserError

_GRID = 64  # points of the frequency grid along each side


def kernel_from_mtf(mtf: np.ndarray, size: int = 15, frequencies: np.ndarray = FREQUENCIES) -> Tensor:
    """Makes the kernel whose spectrum is nearest to a radial MTF: least squares over the plane of frequencies.

    Beyond the last frequency (the corners of the spectrum) the MTF falls linearly to 0.

    Args:
        mtf: (n,) gains at ``frequencies``; divided by its value at frequency 0.
        size: odd side of the kernel, pixels.
        frequencies: (n,) ascending from 0, cycles per pixel.

    Returns:
        (size, size) float64, sum 1, symmetric about both axes and both diagonals.

    Raises:
        UserError: an even size, or an MTF that is not finite or not positive at frequency 0.
    """
    if size % 2 == 0 or not 1 <= size < _GRID:
        raise UserError(f"The size of a kernel is odd and below {_GRID}, not {size}.")
    if not np.isfinite(mtf).all() or mtf[0] <= 0:
        raise UserError("An MTF is finite, and positive at frequency 0: measure more images, or ones with edges.")
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
