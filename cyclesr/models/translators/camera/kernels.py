"""Random kernels around the MTF that was measured of a camera."""

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.degradations.camera import FREQUENCIES, kernel_from_mtf

_PEAK, _WIDTH = 0.14, 0.08  # cycles per pixel: where cameras sharpen, and over which range


class CameraKernels(nn.Module):
    """Convolves each image with a kernel of a measured MTF, or with one drawn at random around it.

    A measured MTF is uncertain, differs between images, and says nothing about phase, such as a displacement of the
    image. With ``stretch``, ``gain`` or ``displacement`` above 0, each image gets another kernel around it.

    Args:
        mtf: ``(frequencies,)`` gains at :data:`~cyclesr.degradations.camera.FREQUENCIES`.
        size: odd side of the kernels, LR pixels.
        stretch: standard deviation of the logarithm by which frequencies are stretched.
        gain: standard deviation of the logarithm of the gain at the frequencies that cameras sharpen.
        displacement: standard deviation of the displacement along each axis, LR pixels.
        count: number of kernels, drawn once with a fixed seed; one if they do not vary.
    """

    kernels: Tensor

    def __init__(
        self,
        mtf: Sequence[float],
        size: int = 15,
        stretch: float = 0.0,
        gain: float = 0.0,
        displacement: float = 0.0,
        count: int = 64,
    ) -> None:
        super().__init__()
        count = count if stretch or gain or displacement else 1
        random = np.random.default_rng(0)
        curves = [_varied(np.asarray(mtf), *random.normal(0, (stretch, gain))) for _ in range(count)]
        centred = torch.stack([kernel_from_mtf(curve, size) for curve in curves])
        shifts = torch.from_numpy(random.normal(0, displacement, (count, 2)))
        self.register_buffer("kernels", displaced(centred, shifts).float(), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Convolves ``(N, 3, h, w)``; borders are mirrored, the size stays."""
        chosen = torch.randint(len(self.kernels), (len(image),), device=image.device)
        with torch.autocast(image.device.type, enabled=False):  # bfloat16 would round coarser than an image file
            return _convolved(image, self.kernels[chosen].to(image.dtype))


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


def _convolved(image: Tensor, kernels: Tensor) -> Tensor:
    """``(N, 3, h, w)`` with one kernel ``(N, size, size)`` for each image, as one grouped convolution."""
    count, margin = len(image), kernels.shape[-1] // 2
    padded = F.pad(image, [margin] * 4, mode="reflect" if min(image.shape[-2:]) > margin else "replicate")
    grouped = F.conv2d(padded.transpose(0, 1), kernels.flip(1, 2)[:, None], groups=count)
    return grouped.transpose(0, 1)
