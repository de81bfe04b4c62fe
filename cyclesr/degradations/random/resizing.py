"""Resizing by a factor and with an interpolation that are drawn."""

from collections.abc import Mapping

import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.degradations.random.draws import Range, check_ranges, check_weights, one_of, uniform
from cyclesr.registry import DEGRADATIONS

MODES = ("area", "bilinear", "bicubic")
DIRECTIONS = ("up", "down", "keep")
SMALLEST = 4  # pixels


@DEGRADATIONS.register_module()
class RandomResize(nn.Module):
    """Resizes the images of a batch by one factor, by one of three interpolations without antialiasing.

    Args:
        directions: weights of ``up``, ``down`` and ``keep``.
        factors: the smallest factor of ``down`` and the largest of ``up``; 1 is the other end of both ranges.
        modes: interpolations to choose from, with equal probability: ``area``, ``bilinear``, ``bicubic``.

    Raises:
        UserError: a range that is none, or an unknown direction or interpolation.

    Source: Wang et al., ICCVW 2021 (Real-ESRGAN).
    """

    def __init__(
        self,
        directions: Mapping[str, float] | None = None,
        factors: Range = (0.15, 1.5),
        modes: tuple[str, ...] = MODES,
    ) -> None:
        super().__init__()
        self.directions = dict(directions or dict(up=0.2, down=0.7, keep=0.1))
        check_weights("RandomResize", DIRECTIONS, directions=self.directions)
        check_ranges("RandomResize", 0.01, factors=factors)
        self.factors = factors
        self.modes = dict.fromkeys(modes, 1.0)
        check_weights("RandomResize", MODES, modes=self.modes)

    def forward(self, image: Tensor) -> Tensor:
        """Resizes ``(N, C, H, W)``; sides have at least 4 pixels."""
        factor = self.factor()
        return self.to_size(image, tuple(max(SMALLEST, round(factor * side)) for side in image.shape[-2:]))

    def to_size(self, image: Tensor, size: tuple[int, ...]) -> Tensor:
        """Resizes ``(N, C, H, W)`` to a size by an interpolation that is drawn."""
        return F.interpolate(image, size=size, mode=one_of(self.modes)) if image.shape[-2:] != size else image

    def factor(self) -> float:
        """Draws a factor."""
        low, high = self.factors
        direction = one_of(self.directions)
        return 1.0 if direction == "keep" else uniform((1.0, max(high, 1.0)) if direction == "up" else (min(low, 1), 1))
