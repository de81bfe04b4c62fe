"""Random noise: that of the images, and what no model of a camera explains."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from cyclesr.degradations.camera import CameraMeasurement
from cyclesr.errors import UserError
from cyclesr.models.translators.camera.coloured_grain import ColouredGrain
from cyclesr.models.translators.camera.noise_bank import NoiseBank
from cyclesr.models.translators.camera.tables import Draw, Tables, rows_of
from cyclesr.models.translators.camera.unexplained_grain import TextureSpectrum, UnexplainedGrain
from cyclesr.models.unexplained_noise import check_levels, unexplained_variance


class CameraNoise(Tables):
    """Adds noise: that of the user's images, and what the model of the degradation does not explain.

    What remains of a real LR image when the best kernel is taken off, and what a camera's denoising and sharpening make
    differently from place to place, grows with the local contrast. An SR network that has not seen it amplifies what
    it cannot know.

    Args:
        levels: ``(read, shot)`` of each image, ``variance = read^2 + shot * brightness``, in units of [0, 1]. Empty
            for none; None if :meth:`measure` takes them.
        unexplained: (lowest, highest) standard deviation of further noise, in levels of 255; drawn uniformly for each
            crop.
        texture: level of the noise that grows with contrast: its standard deviation, in levels of 255, where the image
            has a standard deviation of one level in a window of 5x5 pixels.
        texture_exponent: with which power of the standard deviation of the image this noise grows; 1 is in proportion.
        grain: draws the noise of the images, of variance 1; None makes it white and independent between colours.
        texture_correlation: correlation of the ``unexplained`` and ``texture`` noise between colours, from 0
            (independent) to 1 (the same in all colours).
        texture_spectrum: spectrum of this noise: ``white``; ``kernel``, that of white noise which the crop's kernel was
            applied to; or gains at :data:`~cyclesr.degradations.camera.FREQUENCIES`. It does not change the level.
        image_channels: number of channels of the images.

    Raises:
        UserError: negative levels, a highest one below the lowest, or an impossible correlation or spectrum.
    """

    levels: Tensor

    def __init__(
        self,
        levels: Sequence[tuple[float, float]] | None = (),
        unexplained: tuple[float, float] = (3.0, 3.0),
        texture: float = 0.3,
        texture_exponent: float = 1.0,
        grain: ColouredGrain | NoiseBank | None = None,
        texture_correlation: float = 0.0,
        texture_spectrum: TextureSpectrum = "white",
        image_channels: int = 3,
    ) -> None:
        super().__init__()
        _check(levels or (), unexplained, texture)
        lowest, highest = unexplained
        table = None if levels is None else torch.tensor(list(levels) or [(0.0, 0.0)], dtype=torch.float32)
        self.add("levels", table, 2)
        self.grain = grain
        self.unexplained = (lowest / 255, highest / 255)
        self.texture = texture
        self.texture_exponent = texture_exponent
        self.unexplained_grain = UnexplainedGrain(texture_correlation, texture_spectrum, image_channels)

    def measure(self, camera: CameraMeasurement, paths: Sequence[Path]) -> None:
        """Takes the noise of each image; ``paths`` are the measured files."""
        levels = [(noise.read, noise.shot) if noise else (0.0, 0.0) for noise in camera.noise_of_each]
        self.fill(levels=torch.tensor(levels))
        if self.grain is not None:
            self.grain.measure(camera, paths)

    def forward(self, image: Tensor, draw: Draw, kernels: Tensor, factor: Tensor | None = None) -> Tensor:
        """Adds noise to ``(N, C, h, w)`` in [0, 1], which the kernels ``(N, size, size)`` made.

        A ``factor`` multiplies the level of the noise of the images. Gradients pass to it and to the image, and not
        through the dependence of the level on the image. The result may leave [0, 1].
        """
        count, made, image = len(image), image, image.detach()
        read, shot = rows_of(self.levels, draw.image).to(image.dtype).view(count, 2, 1, 1, 1).unbind(1)
        own = read.square() + shot * image.clamp(0, 1)
        unexplained = unexplained_variance(image, self.unexplained, self.texture, self.texture_exponent)
        if factor is None and self.grain is None and self.unexplained_grain.plain:
            return made + (own + unexplained).sqrt() * torch.randn_like(image)
        made = made + unexplained.sqrt() * self.unexplained_grain(image, kernels)
        grain = torch.randn_like(image) if self.grain is None else self.grain(image, draw.image)
        return made + own.sqrt() * grain * (1 if factor is None else factor)


def _check(levels: Sequence[tuple[float, float]], unexplained: tuple[float, float], texture: float) -> None:
    check_levels(unexplained, texture)
    if any(min(level) < 0 for level in levels):
        raise UserError(f"Levels of noise must not be negative, found {list(levels)[:3]}.")
