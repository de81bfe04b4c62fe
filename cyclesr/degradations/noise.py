"""Sensor noise."""

import torch
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.registry import DEGRADATIONS


@DEGRADATIONS.register_module()
class Noise(nn.Module):
    """Gaussian noise whose variance grows linearly with the signal, as that of a sensor; clamped to [0, 1].

    Args:
        read: standard deviation of the constant part, in units of [0, 1].
        shot: variance of the signal-dependent (Poisson-like) part at signal 1; 1 / shot is the number of photons at
            white.

    Raises:
        UserError: ``read`` or ``shot`` is negative.
    """

    def __init__(self, read: float = 0.0, shot: float = 0.0) -> None:
        super().__init__()
        if read < 0 or shot < 0:
            raise UserError(f"Noise needs levels of at least 0, found read={read}, shot={shot}.")
        self.read = read
        self.shot = shot

    def forward(self, image: Tensor) -> Tensor:
        """Adds noise to images ``(N, 3, H, W)``, a new sample in each call."""
        sigma = (self.read**2 + self.shot * image.clamp(0, 1)).sqrt()
        return (image + sigma * torch.randn_like(image)).clamp(0, 1)

    def extra_repr(self) -> str:
        return f"read={self.read}, shot={self.shot}"
