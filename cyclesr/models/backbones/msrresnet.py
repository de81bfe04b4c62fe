"""MSRResNet: SRResNet without batch norm, the start of ESRGAN (Wang et al. 2018)."""

from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.backbones.upsampling import factors
from cyclesr.models.networks.initialise import initialise
from cyclesr.models.networks.pixel_shuffle import pixel_shuffle
from cyclesr.registry import SR_BACKBONES

SLOPE = 0.1


def _conv(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = _conv(channels, channels)
        self.conv2 = _conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.relu(self.conv1(x)))


@SR_BACKBONES.register_module()
class MSRResNet(nn.Module):
    """Residual blocks without norm, sub-pixel stages, and the bilinear upsampling of the input.

    It has 1,517,571 parameters for x4. Weights are named as in BasicSR.

    Args:
        scale: 1, 2, 3, 4 or 8.
        channels: number of channels of every layer.
        num_blocks: number of residual blocks.
        image_channels: number of channels of the images.

    Differs from BasicSR: x8 is supported, with a third stage ``upconv3``.
    """

    PAPER: ClassVar[Paper] = Paper("Wang et al. 2018", "https://arxiv.org/abs/1809.00219")
    TINY: ClassVar[dict[str, Any]] = dict(channels=4, num_blocks=1)

    def __init__(self, scale: int, channels: int = 64, num_blocks: int = 16, image_channels: int = 3) -> None:
        super().__init__()
        self.image_channels = image_channels
        self.scale = scale
        self.stages = list(enumerate(factors(scale), start=1))
        self.conv_first = _conv(image_channels, channels)
        self.body = nn.Sequential(*(_Block(channels) for _ in range(num_blocks)))
        for i, factor in self.stages:
            self.add_module(f"upconv{i}", _conv(channels, channels * factor**2))
        self.conv_hr = _conv(channels, channels)
        self.conv_last = _conv(channels, image_channels)
        initialise(self, "kaiming")
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.data *= 0.1  # ESRGAN, Sec. 3.1: smaller initialization

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        x = self.body(F.leaky_relu(self.conv_first(lr), SLOPE))
        for i, factor in self.stages:
            x = F.leaky_relu(pixel_shuffle(self.get_submodule(f"upconv{i}")(x), factor), SLOPE)
        base = F.interpolate(lr, scale_factor=float(self.scale), mode="bilinear", align_corners=False)
        return base + self.conv_last(F.leaky_relu(self.conv_hr(x), SLOPE))
