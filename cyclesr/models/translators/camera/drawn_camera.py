"""G1 of CameraDegradation: kernel, noise, and the rounding and compression of an image file."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from cyclesr.degradations.camera import CameraMeasurement
from cyclesr.models.translators.base import straight_through
from cyclesr.models.translators.camera.compression import CameraCompression
from cyclesr.models.translators.camera.convolution import convolved
from cyclesr.models.translators.camera.kernels import CameraKernels
from cyclesr.models.translators.camera.noise import CameraNoise
from cyclesr.models.translators.camera.refinement import Refinement
from cyclesr.models.translators.camera.tables import Draw


class DrawnCamera(nn.Module):
    """Degrades each crop as one of the user's images was degraded, which it draws.

    Args:
        kernels: kernels of all images, or of each of them.
        noise: noise of each image.
        compression: compression of each image; None for none.
        refinement: learned corrections of kernels and noise; None for none. With them, gradients pass the rounding and
            the compression as if these were not there.
        bits: depth of the image file, 8 or 16.
    """

    def __init__(
        self,
        kernels: CameraKernels,
        noise: CameraNoise,
        compression: CameraCompression | None = None,
        refinement: Refinement | None = None,
        bits: int = 8,
    ) -> None:
        super().__init__()
        self.white = 2**bits - 1
        self.refinement = refinement
        self.kernels = kernels
        self.noise = noise
        self.compression = compression

    def measure(self, camera: CameraMeasurement, paths: Sequence[Path]) -> None:
        """Takes the tables that hold measurements of single images; ``paths`` are the measured files."""
        if self.kernels.measured:
            self.kernels.measure(camera.mtfs)
        if self.noise.measured:
            self.noise.measure(camera, paths)
        if self.compression is not None:
            self.compression.measure([image.compression for image in camera.images])

    def draw(self, count: int, device: torch.device) -> Draw:
        """Draws an image and a variant of its kernel for each of ``count`` crops."""
        variant = torch.randint(self.kernels.variants, (count,), device=device)
        tables = [self.kernels, self.noise, *([] if self.compression is None else [self.compression])]
        image = torch.randint(max(table.rows for table in tables), (count,), device=device)
        return Draw(image, variant)

    def forward(self, image: Tensor) -> Tensor:
        """Degrades ``(N, C, h, w)`` in [0, 1]; returns the same size and range."""
        draw = self.draw(len(image), image.device)
        with torch.autocast(image.device.type, enabled=False):  # bfloat16 would round coarser than an image file
            kernels = self.kernels(draw).to(image.dtype)
            made = self._blurred(image, kernels)
            if self.refinement is None:
                return self._as_file(self.noise(made, draw, kernels), draw)
            made = self.noise(made, draw, kernels, self.refinement.level().to(image.dtype))
            return straight_through(self._as_file(made.detach(), draw), made)

    def _blurred(self, image: Tensor, kernels: Tensor) -> Tensor:
        made = convolved(image, kernels)
        if self.refinement is None:
            return made
        return convolved(made, self.refinement.kernel().to(image.dtype).expand(len(image), -1, -1))

    def _as_file(self, image: Tensor, draw: Draw) -> Tensor:
        """Rounds and compresses ``(N, C, h, w)``."""
        rounded = torch.round(self.white * image.clamp(0, 1)) / self.white
        return rounded if self.compression is None else self.compression(rounded, draw.image)

    def expected(self, image: Tensor) -> Tensor:
        """Convolves ``(N, C, h, w)`` with the mean of all kernels, without noise and rounding."""
        with torch.autocast(image.device.type, enabled=False):
            return self._blurred(image, self.kernels.mean().to(image.dtype).expand(len(image), -1, -1))
