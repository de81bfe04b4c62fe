"""Blurs that are learnt: a few kernels, of which each image gets one or a mixture."""

import math
from abc import ABC, abstractmethod
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.degradations.imresize import pad_symmetric
from cyclesr.errors import UserError
from cyclesr.registry import MODELS

Mixing = Literal["drawn", "mixed"]


class LearntBlur(nn.Module, ABC):
    """Convolves all channels of an image with one kernel; the size is kept, borders are mirrored.

    Args:
        num_kernels: number of kernels that are learnt.
        size: odd side of a kernel in pixels.
        mixing: ``drawn`` draws one of the kernels for each image, with equal probability; ``mixed`` uses a weighted
            mean of them, with weights from the uniform distribution of weights that sum to 1.

    Raises:
        UserError: ``size`` is not odd, there is no kernel, or ``mixing`` is unknown.
    """

    def __init__(self, num_kernels: int, size: int, mixing: Mixing) -> None:
        super().__init__()
        if num_kernels < 1 or size < 1 or size % 2 == 0:
            raise UserError(
                f"A learnt blur needs at least one kernel of an odd size, found num_kernels={num_kernels} and "
                f"size={size}."
            )
        if mixing not in ("drawn", "mixed"):
            raise UserError(f"mixing must be drawn or mixed, found {mixing!r}.")
        self.num_kernels = num_kernels
        self.size = size
        self.mixing: Mixing = mixing

    @abstractmethod
    def kernels(self) -> Tensor:
        """Returns kernels ``(num_kernels, size, size)`` for a true convolution, each with sum 1."""

    def losses(self) -> dict[str, Tensor]:
        """Returns penalties on the kernels that the translator adds to its losses, under keys ``loss_kernel_*``."""
        return {}

    def forward(self, image: Tensor) -> Tensor:
        """Blurs ``(N, 3, H, W)``, each image with a kernel drawn for it."""
        kernels = self._exact_kernels(image)
        drawn = (self._weights(len(image), kernels)[:, :, None, None] * kernels).sum(dim=1, keepdim=True)
        return _blurred(image, drawn)

    def expected(self, image: Tensor) -> Tensor:
        """Blurs ``(N, 3, H, W)`` with the mean of the kernels, the expectation of :meth:`forward`."""
        return _blurred(image, self._exact_kernels(image).mean(dim=0, keepdim=True)[None])

    def _exact_kernels(self, image: Tensor) -> Tensor:
        return self.kernels().to(image.device, torch.promote_types(image.dtype, torch.float32))

    def _weights(self, count: int, like: Tensor) -> Tensor:
        if self.num_kernels == 1:
            return like.new_ones(count, 1)
        if self.mixing == "drawn":
            return F.one_hot(torch.randint(self.num_kernels, (count,), device=like.device), self.num_kernels).to(like)
        parts = torch.empty(count, self.num_kernels, device=like.device, dtype=like.dtype).exponential_()
        return parts / parts.sum(dim=1, keepdim=True)


def _blurred(image: Tensor, kernels: Tensor) -> Tensor:
    """``(N, 3, H, W)`` with kernels ``(N or 1, 1, size, size)``."""
    reach = kernels.shape[-1] // 2
    padded = pad_symmetric(image.to(kernels.dtype), reach, reach)
    size = padded.shape[-2:]
    # In the frequency domain, as in `Blur`: exact under autocast, too, which convolutions are not.
    blurred = torch.fft.irfft2(torch.fft.rfft2(padded) * torch.fft.rfft2(kernels, s=size), s=size)
    return blurred[..., 2 * reach :, 2 * reach :].to(image.dtype)


@MODELS.register_module()
class GaussianBlur(LearntBlur):
    r"""Gaussian kernels of any width, length and direction: three numbers each.

    They are Gaussians in frequency, :math:`\exp(-w^T L L^T w / 2)`, on the frequencies that the image has. Samples of a
    Gaussian that is narrower than a pixel are not a Gaussian; these kernels are correct for any width, down to no blur,
    and have small negative lobes.

    Args:
        num_kernels, size, mixing: see :class:`LearntBlur`.
        sigma: standard deviation at the start, in pixels; several kernels start at ``sigma`` to ``2 sigma``. It must
            not be 0, where the gradient is 0.

    Raises:
        UserError: ``sigma`` is not positive.
    """

    def __init__(self, num_kernels: int = 1, size: int = 15, mixing: Mixing = "drawn", sigma: float = 0.3) -> None:
        super().__init__(num_kernels, size, mixing)
        if sigma <= 0:
            raise UserError(f"A blur that learns must start with sigma > 0, found {sigma}.")
        starts = sigma * (1 + torch.arange(num_kernels) / max(num_kernels - 1, 1))
        # L = [[a, 0], [b, c]] over (x, y); L L^T is the covariance.
        self.factors = nn.Parameter(torch.stack([starts, torch.zeros(num_kernels), starts], dim=1))

    def covariances(self) -> Tensor:
        """Returns the covariances ``(num_kernels, 2, 2)`` over (x, y), in square pixels."""
        a, b, c = self.factors.unbind(1)
        return torch.stack([a * a, a * b, a * b, b * b + c * c], dim=1).view(-1, 2, 2)

    def kernels(self) -> Tensor:
        """Returns the kernels ``(num_kernels, size, size)``."""
        w = 2 * math.pi * torch.fft.fftfreq(self.size, device=self.factors.device, dtype=self.factors.dtype)
        a, b, c = self.factors[:, :, None, None].unbind(1)
        exponent = (a * w + b * w[:, None]).square() + (c * w[:, None]).square()
        return torch.fft.fftshift(torch.fft.ifft2(torch.exp(-exponent / 2)).real, dim=(-2, -1))
