"""Blur with one kernel."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cyclesr.degradations.imresize import pad_symmetric
from cyclesr.degradations.kernels import blur_kernel
from cyclesr.errors import UserError
from cyclesr.registry import DEGRADATIONS


@DEGRADATIONS.register_module()
class Blur(nn.Module):
    """Convolution with one kernel for all channels; borders are mirrored, the size stays.

    The product of spectra makes the cost independent of the kernel's size (31x31 on 8 crops of 160 px: 12 ms against
    71 ms for a direct convolution, one thread).

    Args:
        kernel: odd (h, w) numbers, normalised to sum 1; or else
        sigma, sigma_y, angle, size: of an anisotropic Gaussian, see ``blur_kernel``. Pixels of the image it is
            applied to, degrees.
    """

    kernel: Tensor

    def __init__(
        self,
        kernel: Sequence[Sequence[float]] | Tensor | None = None,
        sigma: float | None = None,
        sigma_y: float | None = None,
        angle: float = 0.0,
        size: int | None = None,
    ) -> None:
        super().__init__()
        if (kernel is None) == (sigma is None):
            raise UserError("Blur takes either a kernel or a sigma (sigma_y, angle and size go with sigma).")
        if sigma is not None:
            kernel = blur_kernel(sigma, sigma_y, angle, size=size)
        table = torch.as_tensor(kernel, dtype=torch.float64)
        if table.ndim != 2 or table.shape[0] % 2 == 0 or table.shape[1] % 2 == 0:
            raise UserError(f"Blur needs a kernel of two odd sides; this one measures {tuple(table.shape)}.")
        self.register_buffer("kernel", table / table.sum(), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 3, H, W)."""
        exact = image.dtype if image.dtype in (torch.float32, torch.float64) else torch.float32
        rows, columns = (side // 2 for side in self.kernel.shape)
        padded = pad_symmetric(image.to(exact), rows, columns)
        size = padded.shape[-2:]
        spectrum = torch.fft.rfft2(padded) * torch.fft.rfft2(self.kernel.to(padded), s=size)
        blurred = torch.fft.irfft2(spectrum, s=size)[..., 2 * rows :, 2 * columns :]
        return blurred.to(image.dtype)

    def extra_repr(self) -> str:
        return f"{self.kernel.shape[0]}x{self.kernel.shape[1]}"
