"""Sensor noise whose strength, spread and grain are learnt."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.registry import MODELS

PARAMETER_UNIT = 0.01  # of the parameters, in units of [0, 1]: an optimizer's step then suits both noise and blur


@MODELS.register_module()
class LearntNoise(nn.Module):
    """Gaussian noise with zero mean and variance ``shot * signal + read**2``, like a sensor's with many photons.

    Args:
        shot: standard deviation at signal 1 at the start, in units of [0, 1]. It and ``read`` must not be 0, where the
            gradient is 0.
        read: standard deviation of the part that does not depend on the signal, at the start, in units of [0, 1].
        spread: 0 gives all images the same level; otherwise each image's standard deviations are multiplied by
            ``exp(s * z)``, with z from N(0, 1), where s is learnt and starts at this value.
        grain: odd side of a learnt filter of unit energy for the noise; 1 leaves the noise white.

    Raises:
        UserError: a level is not positive, ``spread`` is negative, or ``grain`` is not odd.
    """

    def __init__(self, shot: float = 0.003, read: float = 0.003, spread: float = 0.0, grain: int = 1) -> None:
        super().__init__()
        if min(shot, read) <= 0 or spread < 0:
            raise UserError(
                f"Noise that learns must start with shot > 0, read > 0 and spread >= 0, found {shot}, {read}, {spread}."
            )
        if grain < 1 or grain % 2 == 0:
            raise UserError(f"grain must be an odd number of pixels, found {grain}.")
        self.deviations = nn.Parameter(torch.tensor([shot, read]) / PARAMETER_UNIT)
        self.spread = nn.Parameter(torch.tensor(float(spread))) if spread else None
        self.taps = nn.Parameter(torch.zeros(grain, grain)) if grain > 1 else None

    def levels(self) -> tuple[Tensor, Tensor]:
        """Returns ``shot``, the signal-dependent variance at signal 1, and ``read``, a standard deviation."""
        shot, read = (PARAMETER_UNIT * self.deviations).unbind()
        return shot.square(), read.abs()

    def filter(self) -> Tensor:
        """Returns the filter ``(grain, grain)``, of unit energy, so that it does not change the variance."""
        if self.taps is None:
            return self.deviations.new_ones(1, 1)
        middle = len(self.taps) // 2
        taps = self.taps + F.pad(self.taps.new_ones(1, 1), [middle] * 4)
        return taps / taps.square().sum().sqrt()

    def forward(self, signal: Tensor) -> Tensor:
        """Draws noise ``(N, 3, H, W)`` for noise-free images in [0, 1], which are taken as constants."""
        image = signal.detach().to(torch.promote_types(signal.dtype, torch.float32)).clamp(0, 1)
        shot, read = self.levels()
        deviation = (shot * image + read.square()).clamp(min=1e-12).sqrt()
        if self.spread is not None:
            deviation = deviation * (self.spread * image.new_empty(len(image), 1, 1, 1).normal_()).exp()
        return (deviation * self._grains(image)).to(signal.dtype)

    def _grains(self, like: Tensor) -> Tensor:
        """Draws N(0, 1) noise whose neighbours are correlated by the filter."""
        if self.taps is None:
            return torch.randn_like(like)
        count, channels, height, width = like.shape
        margin = len(self.taps) - 1
        white = like.new_empty(count, channels, height + margin, width + margin).normal_()
        return F.conv2d(white, self.filter().to(white).expand(channels, 1, -1, -1), groups=channels)
