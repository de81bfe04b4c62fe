"""An SR network: any ``nn.Module`` from LR to HR, with a name in the registry."""

from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError
from cyclesr.registry import SR_BACKBONES


@SR_BACKBONES.register_module()
class DepthwiseSR(nn.Module):
    """Depthwise separable convolutions at LR resolution.

    They learn the difference to bicubic upsampling, which is zero at the start.

    Args:
        scale: any whole number from 1 on.
        channels: number of channels of every layer.
        num_blocks: number of residual blocks.

    Raises:
        UserError: a scale below 1.
    """

    PAPER: ClassVar[Paper] = Paper("Howard et al. 2017", "https://arxiv.org/abs/1704.04861")
    TINY: ClassVar[dict[str, Any]] = dict(channels=4, num_blocks=1)

    def __init__(self, scale: int, channels: int = 48, num_blocks: int = 8) -> None:
        super().__init__()
        if scale < 1:
            raise UserError(f"The scale must be a whole number from 1 on, found {scale}.")
        self.scale = scale
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.blocks = nn.ModuleList(_block(channels) for _ in range(num_blocks))
        last = nn.Conv2d(channels, 3 * scale**2, 3, padding=1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.tail = nn.Sequential(last, nn.PixelShuffle(scale))

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales ``(N, 3, h, w)`` in [0, 1] to ``(N, 3, scale*h, scale*w)``."""
        x = self.head(lr)
        for block in self.blocks:
            x = x + block(x)
        size = [self.scale * side for side in lr.shape[-2:]]
        return self.tail(x) + F.interpolate(lr, size=size, mode="bicubic", antialias=True)


def _block(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1, groups=channels),
        nn.Conv2d(channels, channels, 1),
        nn.ReLU(),
        nn.Conv2d(channels, channels, 1),
    )
