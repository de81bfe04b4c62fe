"""Gaussian noise of variance 1 with a spectrum, and correlated between bands."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from cyclesr.degradations.camera import FREQUENCIES, kernel_from_mtf
from cyclesr.models.translators.camera.convolution import convolved_inside

_CORNER = 0.707  # cycles per pixel, the highest frequency of an image, on a diagonal
_SIZE = 15


def unit_noise(like: Tensor, filters: Tensor | None, mixing: Tensor | None) -> Tensor:
    """Draws noise of mean 0 and variance 1, of the shape of images ``(N, C, h, w)``.

    Args:
        like: the images.
        filters: ``(N, size, size)`` of unit energy, which give the noise its spectrum; None for white noise.
        mixing: ``(N, C, C)`` or ``(C, C)``, see :func:`mixing_of`; None if the bands are independent.
    """
    if filters is None:
        noise = torch.randn_like(like)
    else:
        margin = filters.shape[-1] - 1
        height, width = like.shape[-2:]
        white = torch.randn(*like.shape[:2], height + margin, width + margin, device=like.device, dtype=like.dtype)
        noise = convolved_inside(white, filters.to(like.dtype))
    return noise if mixing is None else torch.einsum("...ij,...jhw->...ihw", mixing.to(like.dtype), noise)


def mixing_of(covariance: np.ndarray) -> Tensor:
    """Returns the symmetric square root ``(C, C)`` of a covariance of the bands; negative eigenvalues count as 0.

    It makes independent noise of variance 1 have that covariance.
    """
    values, vectors = np.linalg.eigh(covariance)
    return torch.from_numpy((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T).float()


def filter_of(gains: Sequence[float] | np.ndarray) -> Tensor:
    """Returns the filter ``(15, 15)`` of unit energy whose gain is proportional to ``gains``.

    Args:
        gains: ``(frequencies,)`` at :data:`~cyclesr.degradations.camera.FREQUENCIES`; the last one also holds for the
            higher frequencies on the diagonals.
    """
    known = np.maximum(np.asarray(gains, dtype=np.float64), 1e-3 * np.max(gains))
    return of_unit_energy(kernel_to_the_corner(known)[None])[0].float()


def kernel_to_the_corner(gains: np.ndarray) -> Tensor:
    """Returns the kernel ``(15, 15)`` with ``(frequencies,)`` gains, the last of which holds on the diagonals, too."""
    return kernel_from_mtf(np.append(gains, gains[-1]), _SIZE, np.append(FREQUENCIES, _CORNER))


def of_unit_energy(kernels: Tensor) -> Tensor:
    """Scales ``(N, size, size)`` kernels so that they leave the variance of white noise as it is."""
    return kernels / kernels.square().sum((1, 2), keepdim=True).sqrt()
