"""Corrections of a measured camera that are learned: gains of its MTF and the level of its noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cyclesr.degradations.camera import FREQUENCIES, CameraMeasurement
from cyclesr.models.losses.gan import GANMode
from cyclesr.models.translators.camera.grain import kernel_to_the_corner

KNOTS = (0.06, 0.14, 0.22, 0.3, 0.4)  # cycles per pixel; the gain is interpolated between them, and 1 at frequency 0
_LEAST_GAIN_SPREAD, _LEAST_LEVEL_SPREAD = 0.05, 0.1  # of logarithms: no measurement is more certain

# Only fine structure, in small patches: how images are degraded, not what they show.
JUDGE = dict(type="PatchDiscriminator", channels=32, num_layers=1, norm="instance", high_pass=5, init="default")


@dataclass(frozen=True)
class Refine:
    """How corrections are learned.

    Attributes:
        gain_spread: ``(5,)`` standard deviation of the logarithm of the MTF over images at 0.06, 0.14, 0.22, 0.3 and
            0.4 cycles per pixel, which training measures.
        level_spread: standard deviation of the logarithm of the noise level over images, which training measures.
        hold_weight: weight of the penalty that holds the corrections at 0: the mean of their squares in units of these
            spreads.
        adversarial, adversarial_weight, r1_weight: see :class:`~cyclesr.models.translators.AdversarialTranslator`.
        discriminator: arguments of :class:`~cyclesr.models.networks.PatchDiscriminator`, by default a small one that
            sees only fine structure, or of the ``type`` it names.
    """

    gain_spread: Sequence[float] = (0.1,) * len(KNOTS)
    level_spread: float = 0.2
    hold_weight: float = 0.1
    adversarial: GANMode = "lsgan"
    adversarial_weight: float = 1.0
    r1_weight: float = 0.0
    discriminator: Mapping[str, Any] | None = None


def measured_spreads(camera: CameraMeasurement) -> dict[str, Any]:
    """Returns ``gain_spread`` and ``level_spread`` of a measurement."""
    gains = np.maximum(np.interp(KNOTS, FREQUENCIES, camera.spread), _LEAST_GAIN_SPREAD)
    levels = np.log([noise.level for noise in camera.noises if noise.level > 0])
    level = max(float(levels.std()) if len(levels) else 0.0, _LEAST_LEVEL_SPREAD)
    return dict(gain_spread=[round(float(gain), 4) for gain in gains], level_spread=round(level, 4))


class Refinement(nn.Module):
    """Multiplies the MTF by learned gains, and the level of the measured noise by a learned factor; both start at 1.

    Args:
        gain_spread, level_spread, hold_weight: see :class:`Refine`.
    """

    start: Tensor
    responses: Tensor
    weights: Tensor
    spreads: Tensor

    def __init__(self, gain_spread: Sequence[float], level_spread: float, hold_weight: float) -> None:
        super().__init__()
        self.log_gains = nn.Parameter(torch.zeros(len(KNOTS)))
        self.log_level = nn.Parameter(torch.zeros(1))
        self.hold_weight = hold_weight
        # A kernel is a linear function of its gains.
        flat = np.ones(len(FREQUENCIES))
        start = kernel_to_the_corner(flat)
        steps = [kernel_to_the_corner(flat + row) - start for row in np.eye(len(FREQUENCIES))[1:]]
        weights = np.array([np.interp(FREQUENCIES, (0, *KNOTS), row) for row in np.eye(len(KNOTS) + 1)[1:]]).T
        self.register_buffer("start", start.float(), persistent=False)
        self.register_buffer("responses", torch.stack(steps).float(), persistent=False)
        self.register_buffer("weights", torch.from_numpy(weights[1:]).float(), persistent=False)
        self.register_buffer("spreads", torch.tensor([*gain_spread, level_spread]), persistent=False)

    def kernel(self) -> Tensor:
        """Returns the kernel ``(15, 15)`` whose MTF is the learned gains."""
        gains = (self.weights @ self.log_gains).exp()
        return self.start + torch.einsum("f,fyx->yx", gains - 1, self.responses)

    def level(self) -> Tensor:
        """Returns the factor of the noise level, ``(1,)``."""
        return self.log_level.exp()

    def penalty(self) -> Tensor:
        """Returns the weighted mean of the squares of the corrections, in units of their spreads."""
        corrections = torch.cat([self.log_gains, self.log_level])
        return self.hold_weight * (corrections / self.spreads).square().mean()
