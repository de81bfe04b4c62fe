"""Noise on the SR network's input that stands for what the model of the degradation does not explain."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.losses.precision import full
from cyclesr.registry import MODELS


@MODELS.register_module()
class UnexplainedNoise(nn.Module):
    """Adds noise to ``fake_real`` that grows with local contrast, for the SR network only.

    No G1 describes a camera exactly. What remains of a real image when the modelled degradation is taken off grows with
    the local contrast. An SR network that has not seen it amplifies what it cannot know. With feedback, the noise also
    hides from the SR network what G1 would hide in the lowest bits.

    Args:
        level: (lowest, highest) standard deviation of white noise, in levels of 255; drawn uniformly for each image.
        texture: standard deviation of further noise, in levels of 255, where the image has a standard deviation of one
            level in a window of 5x5 pixels.

    Raises:
        UserError: a negative level, or a highest one below the lowest.
    """

    def __init__(self, level: tuple[float, float] = (1.0, 1.0), texture: float = 0.3) -> None:
        super().__init__()
        check_levels(level, texture)
        self.level = (level[0] / 255, level[1] / 255)
        self.texture = texture

    def forward(self, fake_real: Tensor) -> Tensor:
        """Returns noisy ``fake_real`` ``(N, C, h, w)``; it may leave [0, 1].

        Gradients pass to ``fake_real`` as if the level of the noise did not depend on it.
        """
        (image,) = full(fake_real.detach())
        variance = unexplained_variance(image, self.level, self.texture)
        return fake_real + (variance.sqrt() * torch.randn_like(image)).to(fake_real.dtype)


def check_levels(level: tuple[float, float], texture: float) -> None:
    """Checks levels of noise.

    Raises:
        UserError: a negative level, or a highest one below the lowest.
    """
    lowest, highest = level
    if not 0 <= lowest <= highest or texture < 0:
        raise UserError(
            f"Levels of noise must not be negative, and a range is (lowest, highest); found {level} and "
            f"texture={texture}."
        )


def unexplained_variance(image: Tensor, level: tuple[float, float], texture: float, exponent: float = 1.0) -> Tensor:
    """Returns the variance of the noise at each pixel of ``(N, C, h, w)``, ``(N, 1, 1, 1)`` or ``(N, 1, h, w)``.

    Args:
        image: in [0, 1].
        level: (lowest, highest) standard deviation of white noise, in units of [0, 1]; drawn for each image.
        texture: see :class:`UnexplainedNoise`.
        exponent: with which power of the standard deviation of the image this noise grows; 1 is in proportion.
    """
    lowest, highest = level
    white = lowest + (highest - lowest) * torch.rand(len(image), 1, 1, 1, device=image.device, dtype=image.dtype)
    if not texture:
        return white.square()
    contrast = 255**2 * _local_variance(image)
    return white.square() + (texture / 255) ** 2 * contrast**exponent


def _local_variance(image: Tensor, side: int = 5) -> Tensor:
    """Returns the variance in a window around each pixel, mean over the channels, ``(N, 1, h, w)``."""
    padded = F.pad(image, [side // 2] * 4, mode="replicate")
    mean, mean_of_squares = (F.avg_pool2d(power, side, stride=1) for power in (padded, padded.square()))
    return (mean_of_squares - mean.square()).clamp(min=0).mean(1, keepdim=True)
