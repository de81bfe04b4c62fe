"""Random noise: that of the images, and what no model of a camera explains."""

from collections.abc import Sequence
from functools import reduce

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from cyclesr.degradations.camera import FREQUENCIES, NoiseMeasurement
from cyclesr.errors import UserError
from cyclesr.models.translators.camera.grain import filter_of, mixing_of, unit_noise
from cyclesr.models.translators.camera.tables import Draw, Tables, rows_of
from cyclesr.models.translators.camera.unexplained_grain import TextureSpectrum, UnexplainedGrain


class CameraNoise(Tables):
    """Adds Gaussian noise: that of the user's images, and what the model of the degradation does not explain.

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
        coloured: whether the noise of an image has its measured spectrum, and its measured correlation and balance of
            colours, instead of being white and independent. Needs ``levels=None``.
        texture_correlation: correlation of the ``unexplained`` and ``texture`` noise between colours, from 0
            (independent) to 1 (the same in all colours).
        texture_spectrum: spectrum of this noise: ``white``; ``kernel``, that of white noise which the crop's kernel was
            applied to; or gains at :data:`~cyclesr.degradations.camera.FREQUENCIES`. It does not change the level.

    Raises:
        UserError: negative levels, a highest one below the lowest, or an impossible correlation or spectrum.
    """

    levels: Tensor
    filters: Tensor
    mixing: Tensor

    def __init__(
        self,
        levels: Sequence[tuple[float, float]] | None = (),
        unexplained: tuple[float, float] = (3.0, 3.0),
        texture: float = 0.3,
        texture_exponent: float = 1.0,
        coloured: bool = False,
        texture_correlation: float = 0.0,
        texture_spectrum: TextureSpectrum = "white",
    ) -> None:
        super().__init__()
        _check(levels or (), unexplained, texture)
        lowest, highest = unexplained
        table = None if levels is None else torch.tensor(list(levels) or [(0.0, 0.0)], dtype=torch.float32)
        self.add("levels", table, 2)
        self.coloured = coloured
        if coloured:
            self.add("filters", None, 15, 15)
            self.add("mixing", None, 3, 3)
        self.unexplained = (lowest / 255, highest / 255)
        self.texture = texture
        self.texture_exponent = texture_exponent
        self.unexplained_grain = UnexplainedGrain(texture_correlation, texture_spectrum)

    def measure(self, noises: Sequence[NoiseMeasurement | None]) -> None:
        """Takes the noise of each image; None for an image without any."""
        levels = [(noise.read, noise.shot) if noise else (0.0, 0.0) for noise in noises]
        self.fill(levels=torch.tensor(levels))
        if self.coloured:
            white = [1.0] * len(FREQUENCIES)
            filters = [filter_of(np.sqrt(noise.spectrum if noise else white)) for noise in noises]
            mixing = [mixing_of(_colour_covariance(noise) if noise else np.eye(3)) for noise in noises]
            self.fill(filters=torch.stack(filters), mixing=torch.stack(mixing))

    def forward(self, image: Tensor, draw: Draw, kernels: Tensor) -> Tensor:
        """Adds noise to ``(N, 3, h, w)`` in [0, 1], which the kernels ``(N, size, size)`` made.

        The result may leave [0, 1].
        """
        count = len(image)
        read, shot = rows_of(self.levels, draw.image).to(image.dtype).view(count, 2, 1, 1, 1).unbind(1)
        lowest, highest = self.unexplained
        level = lowest + (highest - lowest) * torch.rand(count, 1, 1, 1, device=image.device, dtype=image.dtype)
        own = read.square() + shot * image.clamp(0, 1)
        unexplained = [level.square()]
        if self.texture:
            contrast = 255**2 * _local_variance(image)
            unexplained.append((self.texture / 255) ** 2 * contrast**self.texture_exponent)
        if not self.coloured and self.unexplained_grain.plain:
            return image + reduce(torch.add, unexplained, own).sqrt() * torch.randn_like(image)
        made = image + reduce(torch.add, unexplained).sqrt() * self.unexplained_grain(image, kernels)
        return made + own.sqrt() * self._own_grain(image, draw)

    def _own_grain(self, image: Tensor, draw: Draw) -> Tensor:
        if not self.coloured:
            return unit_noise(image, None, None)
        return unit_noise(image, rows_of(self.filters, draw.image), rows_of(self.mixing, draw.image))


def _check(levels: Sequence[tuple[float, float]], unexplained: tuple[float, float], texture: float) -> None:
    lowest, highest = unexplained
    if not 0 <= lowest <= highest or texture < 0 or any(min(level) < 0 for level in levels):
        raise UserError(
            f"Levels of noise must not be negative, and 'unexplained' is (lowest, highest); found {unexplained}, "
            f"texture={texture} and {list(levels)[:3]}."
        )


def _colour_covariance(noise: NoiseMeasurement) -> np.ndarray:
    """Returns the ``(3, 3)`` covariance of the colours of the noise, in units of its mean variance."""
    variance = np.square(noise.std).mean(0)
    deviation = np.sqrt(variance / max(variance.mean(), 1e-20))
    red_green, red_blue, green_blue = noise.correlation
    matrix = np.array([[1, red_green, red_blue], [red_green, 1, green_blue], [red_blue, green_blue, 1]])
    return np.asarray(matrix * np.outer(deviation, deviation))


def _local_variance(image: Tensor, side: int = 5) -> Tensor:
    """Returns the variance in a window around each pixel, mean over the colours, ``(N, 1, h, w)``."""
    padded = F.pad(image, [side // 2] * 4, mode="replicate")
    mean, mean_of_squares = (F.avg_pool2d(power, side, stride=1) for power in (padded, padded.square()))
    return (mean_of_squares - mean.square()).clamp(min=0).mean(1, keepdim=True)
