"""RDN (Zhang et al., CVPR 2018): residual dense blocks with feature fusion."""

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.backbones.upsampling import BicubicSkip, shuffle_stages
from cyclesr.registry import SR_BACKBONES


class _DenseLayer(nn.Module):
    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, growth, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((x, F.relu(self.conv(x))), dim=1)


class _Block(nn.Module):
    def __init__(self, channels: int, growth: int, num_layers: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(_DenseLayer(channels + i * growth, growth) for i in range(num_layers)))
        self.lff = nn.Conv2d(channels + num_layers * growth, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.lff(self.layers(x))


@SR_BACKBONES.register_module()
class RDN(nn.Module):
    """Residual dense blocks whose outputs are fused before the upsampling; 22,271,107 parameters for x4.

    Weights are named as in yjn870/RDN-pytorch and mmagic, whose upsampling has ``channels`` channels, as here. The
    upsampling of EDSR-PyTorch has ``growth`` channels instead, so its weights do not fit if the two numbers differ.

    Args:
        scale: 1, 2, 3, 4 or 8.
        channels: number of channels outside the blocks (G0 in the paper).
        growth: number of channels that each layer of a block adds (G).
        num_blocks: number of residual dense blocks (D).
        num_layers: number of layers per block (C). The paper has D = 16 and C = 8, or 20 and 6 with ``growth=32``.
        global_skip: whether to add the bicubic upsampling of the input to the output. The last layer then starts at
            zero, so that the network starts as bicubic upsampling.
        image_channels: number of channels of the images.
    """

    PAPER: ClassVar[Paper] = Paper("Zhang et al., CVPR 2018", "https://arxiv.org/abs/1802.08797")
    TINY: ClassVar[dict[str, Any]] = dict(channels=4, growth=2, num_blocks=2, num_layers=2)

    def __init__(
        self,
        scale: int,
        channels: int = 64,
        growth: int = 64,
        num_blocks: int = 16,
        num_layers: int = 8,
        global_skip: bool = False,
        image_channels: int = 3,
    ) -> None:
        super().__init__()
        self.image_channels = image_channels
        self.sfe1 = nn.Conv2d(image_channels, channels, 3, padding=1)
        self.sfe2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.rdbs = nn.ModuleList(_Block(channels, growth, num_layers) for _ in range(num_blocks))
        self.gff = nn.Sequential(
            nn.Conv2d(channels * num_blocks, channels, 1), nn.Conv2d(channels, channels, 3, padding=1)
        )
        self.upscale = shuffle_stages(channels, scale)
        self.output = nn.Conv2d(channels, image_channels, 3, padding=1)
        self.skip = BicubicSkip(scale, global_skip, self.output)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        first = self.sfe1(lr)
        x = self.sfe2(first)
        outputs = []
        for block in self.rdbs:
            x = block(x)
            outputs.append(x)
        fused = first + self.gff(torch.cat(outputs, dim=1))
        return self.skip(self.output(self.upscale(fused)), lr)
