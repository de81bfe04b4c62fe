"""IMDN (Hui et al., ACM MM 2019): information multi-distillation."""

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.backbones.upsampling import BicubicSkip, factors
from cyclesr.models.networks.pixel_shuffle import PixelShuffle
from cyclesr.registry import SR_BACKBONES

SLOPE = 0.05
REDUCTION = 16


class _Attention(nn.Module):
    """Channel attention: weights each channel by a function of the channels' means and contrasts over the image."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        middle = max(channels // REDUCTION, 1)
        self.conv_du = nn.Sequential(
            nn.Conv2d(channels, middle, 1), nn.ReLU(inplace=True), nn.Conv2d(middle, channels, 1), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        variance, mean = torch.var_mean(x, dim=(2, 3), correction=0, keepdim=True)
        # The gradient of the square root is infinite at 0, the variance of a dead channel or of a flat image.
        return x * self.conv_du(variance.clamp_min(1e-12).sqrt() + mean)


class _Block(nn.Module):
    """Distillation in three steps: each keeps a quarter of the channels and passes the rest to the next step."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        kept = channels // 4
        self.split = (kept, channels - kept)
        self.c1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.c2 = nn.Conv2d(channels - kept, channels, 3, padding=1)
        self.c3 = nn.Conv2d(channels - kept, channels, 3, padding=1)
        self.c4 = nn.Conv2d(channels - kept, kept, 3, padding=1)
        self.c5 = nn.Conv2d(4 * kept, channels, 1)
        self.cca = _Attention(4 * kept)

    def forward(self, x: Tensor) -> Tensor:
        kept, rest = [], x
        for conv in (self.c1, self.c2, self.c3):
            distilled, rest = F.leaky_relu(conv(rest), SLOPE).split(self.split, dim=1)
            kept.append(distilled)
        return x + self.c5(self.cca(torch.cat((*kept, self.c4(rest)), dim=1)))


@SR_BACKBONES.register_module()
class IMDN(nn.Module):
    """Multi-distillation blocks at LR resolution, fused, then one sub-pixel stage; 715,176 parameters for x4.

    Weights are named as in Zheng222/IMDN. Differs from it: the variance of a channel is clamped to at least 1e-12
    before the square root, whose gradient is infinite at 0.

    Args:
        scale: 1, 2, 3, 4 or 8.
        channels: number of channels of every layer, a multiple of 4.
        num_blocks: number of blocks; 6 in the paper.
        global_skip: whether to add the bicubic upsampling of the input to the output. The last layer then starts at
            zero, so that the network starts as bicubic upsampling.
        image_channels: number of channels of the images.
    """

    PAPER: ClassVar[Paper] = Paper("Hui et al., ACM MM 2019", "https://arxiv.org/abs/1909.11856")
    TINY: ClassVar[dict[str, Any]] = dict(channels=8, num_blocks=2)

    def __init__(
        self, scale: int, channels: int = 64, num_blocks: int = 6, global_skip: bool = False, image_channels: int = 3
    ) -> None:
        super().__init__()
        self.image_channels = image_channels
        factors(scale)  # raises UserError for other scales
        self.fea_conv = nn.Conv2d(image_channels, channels, 3, padding=1)
        self.blocks = [f"IMDB{i}" for i in range(1, num_blocks + 1)]
        for name in self.blocks:
            self.add_module(name, _Block(channels))
        self.c = nn.Sequential(nn.Conv2d(channels * num_blocks, channels, 1), nn.LeakyReLU(SLOPE, inplace=True))
        self.LR_conv = nn.Conv2d(channels, channels, 3, padding=1)
        last = nn.Conv2d(channels, image_channels * scale**2, 3, padding=1)
        self.upsampler = nn.Sequential(last, PixelShuffle(scale))
        self.skip = BicubicSkip(scale, global_skip, last)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        first = self.fea_conv(lr)
        outputs = []
        x = first
        for name in self.blocks:
            x = self.get_submodule(name)(x)
            outputs.append(x)
        fused = first + self.LR_conv(self.c(torch.cat(outputs, dim=1)))
        return self.skip(self.upsampler(fused), lr)
