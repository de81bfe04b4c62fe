"""The generator of EnhanceNet (Sajjadi et al., ICCV 2017)."""

from typing import Any, ClassVar

from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.backbones.upsampling import BicubicSkip, factors
from cyclesr.registry import SR_BACKBONES


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*_layer(channels, channels), nn.Conv2d(channels, channels, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


@SR_BACKBONES.register_module()
class EnhanceNet(nn.Module):
    """Residual blocks at LR resolution, nearest-neighbour upsampling with convolutions, and the bicubic skip.

    It has 852,867 parameters for x4. No PyTorch weights were published, so the names of the weights are specific to
    this library.

    Args:
        scale: 1, 2, 3, 4 or 8.
        channels: number of channels of every layer.
        num_blocks: number of residual blocks.

    Differs from the paper: scales other than 4 are supported, with other stages; the released code subtracts a mean
    colour, (0.476, 0.450, 0.409), from the input, but this network does not; the last convolution starts at zero, so
    that the network starts as bicubic upsampling.
    """

    PAPER: ClassVar[Paper] = Paper("Sajjadi et al., ICCV 2017", "https://arxiv.org/abs/1612.07919")
    TINY: ClassVar[dict[str, Any]] = dict(channels=4, num_blocks=1)

    def __init__(self, scale: int, channels: int = 64, num_blocks: int = 10) -> None:
        super().__init__()
        self.head = nn.Sequential(*_layer(3, channels))
        self.body = nn.Sequential(*(_Block(channels) for _ in range(num_blocks)))
        stages: list[nn.Module] = []
        for factor in factors(scale):
            stages += [nn.Upsample(scale_factor=float(factor), mode="nearest"), *_layer(channels, channels)]
        self.upsample = nn.Sequential(*stages)
        last = nn.Conv2d(channels, 3, 3, padding=1)
        self.tail = nn.Sequential(*_layer(channels, channels), last)
        self.skip = BicubicSkip(scale, True, last)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        return self.skip(self.tail(self.upsample(self.body(self.head(lr)))), lr)


def _layer(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(inplace=True)]
