"""Compact (SRVGGNetCompact), the small network of Real-ESRGAN (Wang et al. 2021)."""

from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.backbones.upsampling import factors
from cyclesr.models.networks.initialise import zero
from cyclesr.models.networks.pixel_shuffle import pixel_shuffle
from cyclesr.registry import SR_BACKBONES


@SR_BACKBONES.register_module()
class SRVGGNetCompact(nn.Module):
    """A plain network at LR resolution with one sub-pixel stage, plus the nearest-neighbour upsampling of the input.

    It has 621,424 parameters for x4. Weights are named as in Real-ESRGAN: its published weights load here, and weights
    trained here load in every program that supports Compact.

    Args:
        scale: 1, 2, 3, 4 or 8.
        channels: number of channels of every layer.
        num_layers: number of convolutions between the first and the last: 16 in realesr-animevideov3, 32 in
            realesr-general-x4v3.
        image_channels: number of channels of the images.

    Differs from Real-ESRGAN: PReLU is the only activation; the last convolution starts at zero, so that the network
    starts as nearest-neighbour upsampling.
    """

    PAPER: ClassVar[Paper] = Paper("Wang et al. 2021", "https://arxiv.org/abs/2107.10833")
    TINY: ClassVar[dict[str, Any]] = dict(channels=4, num_layers=1)

    def __init__(self, scale: int, channels: int = 64, num_layers: int = 16, image_channels: int = 3) -> None:
        super().__init__()
        self.image_channels = image_channels
        factors(scale)  # raises UserError for other scales
        self.scale = scale
        layers: list[nn.Module] = [nn.Conv2d(image_channels, channels, 3, padding=1), nn.PReLU(channels)]
        for _ in range(num_layers):
            layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.PReLU(channels)]
        last = nn.Conv2d(channels, image_channels * scale**2, 3, padding=1)
        self.body = nn.Sequential(*layers, last)
        zero(last)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        base = F.interpolate(lr, scale_factor=float(self.scale), mode="nearest")
        return base + pixel_shuffle(self.body(lr), self.scale)
