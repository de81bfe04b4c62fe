"""Random kernels around the MTF that was measured of a camera, or of each image."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from cyclesr.degradations.camera import FREQUENCIES, kernel_from_mtf
from cyclesr.models.translators.camera.tables import Draw, Tables, rows_of

_PEAK, _WIDTH = 0.14, 0.08  # cycles per pixel: where cameras sharpen, and over which range
_LEAST_VARIANTS = 8


class CameraKernels(Tables):
    """Kernels of a measured MTF, or drawn at random around it.

    A measured MTF is uncertain, differs between images, and says nothing about phase, such as a displacement of the
    image. With ``stretch``, ``gain`` or ``displacement`` above 0, each crop gets another kernel around it.

    Args:
        mtf: ``(frequencies,)`` gains at :data:`~cyclesr.degradations.camera.FREQUENCIES`; None if each image has its
            own, which :meth:`measure` takes.
        size: odd side of the kernels, LR pixels.
        stretch: standard deviation of the logarithm by which frequencies are stretched.
        gain: standard deviation of the logarithm of the gain at the frequencies that cameras sharpen.
        displacement: standard deviation of the displacement along each axis, LR pixels.
        count: number of kernels, drawn once with a fixed seed; one for each MTF if they do not vary, else at least 8
            for each.

    Attributes:
        kernels: ``(images, variants, size, size)``.
    """

    kernels: Tensor

    def __init__(
        self,
        mtf: Sequence[float] | None,
        size: int = 15,
        stretch: float = 0.0,
        gain: float = 0.0,
        displacement: float = 0.0,
        count: int = 64,
    ) -> None:
        super().__init__()
        self.size = size
        self.spread = (stretch, gain, displacement)
        self.count = count
        self.add("kernels", None if mtf is None else self._around(np.asarray([mtf])), 1, size, size)

    @property
    def variants(self) -> int:
        """Returns the number of kernels of each image."""
        return self.kernels.shape[1]

    def measure(self, mtfs: np.ndarray) -> None:
        """Takes the MTF of each image, ``(images, frequencies)``."""
        self.fill(kernels=self._around(mtfs))

    def forward(self, draw: Draw) -> Tensor:
        """Returns the kernels ``(N, size, size)`` of a draw."""
        kernels = rows_of(self.kernels, draw.image)
        return kernels[torch.arange(len(kernels), device=kernels.device), draw.variant]

    def mean(self) -> Tensor:
        """Returns the mean ``(size, size)`` of all kernels, the expectation of a draw."""
        return self.kernels[: self.rows].mean((0, 1))

    def _around(self, mtfs: np.ndarray) -> Tensor:
        stretch, gain, displacement = self.spread
        count = max(self.count // len(mtfs), min(_LEAST_VARIANTS, self.count)) if any(self.spread) else 1
        random = np.random.default_rng(0)
        curves = [_varied(mtf, *random.normal(0, (stretch, gain))) for mtf in mtfs for _ in range(count)]
        centred = torch.stack([kernel_from_mtf(curve, self.size) for curve in curves])
        shifts = torch.from_numpy(random.normal(0, displacement, (len(curves), 2)))
        return displaced(centred, shifts).float().view(len(mtfs), count, self.size, self.size)


def displaced(kernels: Tensor, shifts: Tensor) -> Tensor:
    """Moves kernels by sub-pixel shifts, exactly for what lies within their frame.

    Args:
        kernels: ``(K, size, size)``, sum 1 each.
        shifts: ``(K, 2)``, down and to the right, pixels; small beside the size.

    Returns:
        ``(K, size, size)``, sum 1 each.
    """
    size = kernels.shape[-1]
    frequencies = torch.fft.fftfreq(size, dtype=kernels.dtype)
    phase = shifts[:, 0, None, None] * frequencies[:, None] + shifts[:, 1, None, None] * frequencies
    spectra = torch.fft.fft2(kernels) * torch.polar(torch.ones_like(phase), -2 * math.pi * phase)
    moved = torch.fft.ifft2(spectra).real
    return moved / moved.sum((1, 2), keepdim=True)


def _varied(mtf: np.ndarray, stretch: float, gain: float) -> np.ndarray:
    stretched = np.interp(FREQUENCIES * math.exp(stretch), FREQUENCIES, mtf)
    bump = np.exp(-(((FREQUENCIES - _PEAK) / _WIDTH) ** 2))
    return np.asarray(stretched * np.exp(gain * bump))
