"""HR -> syn (Eq. 1): bicubic downsampling, and blur and noise to put before or after it (Sec. 1 of the paper)."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.imresize import Border, imresize, pad_symmetric
from cyclesr.models.kernels import blur_kernel
from cyclesr.registry import DEGRADATIONS


@DEGRADATIONS.register_module()
class Bicubic(nn.Module):
    """MATLAB's bicubic ``imresize`` by 1 / scale, clamped to [0, 1] as an image file would be.

    Args:
        scale: by which the SR network will upscale.
        border: see ``imresize``.

    Raises:
        UserError: a side of the image is not a multiple of the scale.
    """

    def __init__(self, scale: int, border: Border = "symmetric") -> None:
        super().__init__()
        self.scale = scale
        self.border: Border = border

    def forward(self, hr: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 3, H / scale, W / scale)."""
        height, width = hr.shape[-2:]
        if height % self.scale or width % self.scale:
            raise UserError(
                f"An HR image of {height}x{width} cannot be downsampled by {self.scale}: both sides must be "
                f"multiples of it. Crop it to {height - height % self.scale}x{width - width % self.scale}."
            )
        size = (height // self.scale, width // self.scale)
        return imresize(hr, size=size, border=self.border).clamp(0, 1)

    def extra_repr(self) -> str:
        return f"scale={self.scale}, border={self.border!r}"


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


@DEGRADATIONS.register_module()
class Noise(nn.Module):
    """Gaussian noise whose variance grows with the signal, as a sensor's does; fresh in every call, clamped to [0, 1].

    Args:
        read: standard deviation of the constant part, in units of [0, 1].
        shot: variance of the Poisson-like part at signal 1; photons at white = 1 / shot.
    """

    def __init__(self, read: float = 0.0, shot: float = 0.0) -> None:
        super().__init__()
        if read < 0 or shot < 0:
            raise UserError(f"Noise levels are not negative: read={read}, shot={shot}.")
        self.read = read
        self.shot = shot

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 3, H, W)."""
        sigma = (self.read**2 + self.shot * image.clamp(0, 1)).sqrt()
        return (image + sigma * torch.randn_like(image)).clamp(0, 1)

    def extra_repr(self) -> str:
        return f"read={self.read}, shot={self.shot}"


@DEGRADATIONS.register_module()
class Chain(nn.Sequential):
    """Degradations one after the other.

    Args:
        steps: modules, or config dicts of registered degradations.
    """

    def __init__(self, steps: Sequence[nn.Module | dict[str, Any]]) -> None:
        super().__init__(*(step if isinstance(step, nn.Module) else DEGRADATIONS.build(step) for step in steps))


@DEGRADATIONS.register_module()
class TrackDegradation(Chain):
    """The true degradation of a simulated track, noise left out: what ``fake_real`` should look like.

    For analysis only: training with it would need what an unpaired user does not have.

    Args:
        manifest: ``manifest.json`` of a track made by ``prepare_data.py track`` or ``demo``.
        image: name of the LR file whose kernel is meant; may be left out where all images share one kernel.

    Raises:
        UserError: no such manifest or image, or no image named where the kernels differ.
    """

    def __init__(self, manifest: str | Path, image: str | None = None) -> None:
        if not Path(manifest).is_file():
            raise UserError(f"There is no track manifest {manifest}. 'prepare_data.py track' writes manifest.json.")
        track = json.loads(Path(manifest).read_text(encoding="utf-8"))
        blur = Blur(kernel=blur_kernel(**_kernel_of(track["images"], image, Path(manifest))))
        super().__init__([blur, Bicubic(track["scale"])])


def _kernel_of(images: dict[str, dict[str, Any]], image: str | None, manifest: Path) -> dict[str, Any]:
    if image is not None and image not in images:
        raise UserError(
            f"{manifest} has no entry for {image!r}; it holds {len(images)}, such as {next(iter(images))!r}."
        )
    kernels = [entry["kernel"] for entry in images.values()] if image is None else [images[image]["kernel"]]
    if any(kernel != kernels[0] for kernel in kernels):
        raise UserError(f"The images of {manifest} have different kernels: name the image that you mean.")
    return kernels[0]
