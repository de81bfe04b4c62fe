"""Residual blocks."""

from typing import Literal

from torch import Tensor, nn

from cyclesr.models.networks.convolution import Conv2d
from cyclesr.models.networks.norms import make_norm


class ResidualBlock(nn.Module):
    """Residual block: input plus [conv 3x3, norm, ReLU, conv 3x3, norm].

    Args:
        channels: number of feature maps.
        norm: see :func:`~cyclesr.models.networks.norms.make_norm`.
        padding_mode: ``reflect`` (CycleGAN, UNIT) or ``zeros`` (CycleSR's released code).
    """

    def __init__(self, channels: int, norm: str, padding_mode: Literal["reflect", "zeros"]) -> None:
        super().__init__()
        self.body = nn.Sequential(
            Conv2d(channels, channels, 3, padding=1, padding_mode=padding_mode),
            make_norm(norm, channels),
            nn.ReLU(inplace=True),
            Conv2d(channels, channels, 3, padding=1, padding_mode=padding_mode),
            make_norm(norm, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Applies the block to ``(N, channels, H, W)``."""
        return x + self.body(x)
