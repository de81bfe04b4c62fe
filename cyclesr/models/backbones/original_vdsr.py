"""The original VDSR (Kim et al., CVPR 2016)."""

from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.backbones.colour import Colour, Planes
from cyclesr.models.backbones.upsampling import bicubic, factors
from cyclesr.models.networks.initialise import initialise, zero
from cyclesr.registry import SR_BACKBONES


class _Layer(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv(x))


@SR_BACKBONES.register_module()
class OriginalVDSR(nn.Module):
    """A deep plain network that learns the residual of bicubic upsampling; 664,704 parameters for luma.

    :class:`~cyclesr.models.backbones.VDSR` is the version that CycleSR modified. Weights are named as in
    twtygqyy/pytorch-vdsr (``planes="luma"``).

    Args:
        scale: 1, 2, 3, 4 or 8.
        channels: number of channels of every layer.
        num_layers: number of convolutions, including the first and the last.
        planes: ``rgb`` or ``luma`` (the paper's), see :class:`~cyclesr.models.backbones.colour.Colour`.

    Differs from the paper: no biases, as in that code; the last convolution starts at zero, so that the network
    starts as bicubic upsampling.
    """

    PAPER: ClassVar[Paper] = Paper("Kim et al., CVPR 2016", "https://arxiv.org/abs/1511.04587")
    TINY: ClassVar[dict[str, Any]] = dict(channels=4, num_layers=3)

    def __init__(self, scale: int, channels: int = 64, num_layers: int = 20, planes: Planes = "rgb") -> None:
        super().__init__()
        factors(scale)  # raises UserError for other scales
        self.scale = scale
        self.colour = Colour(planes, scale)
        self.input = nn.Conv2d(self.colour.channels, channels, 3, padding=1, bias=False)
        self.residual_layer = nn.Sequential(*(_Layer(channels) for _ in range(num_layers - 2)))
        self.output = nn.Conv2d(channels, self.colour.channels, 3, padding=1, bias=False)
        initialise(self, "kaiming")
        zero(self.output)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        return self.colour(lr, self._upscale)

    def _upscale(self, lr: Tensor) -> Tensor:
        upsampled = bicubic(lr, self.scale)
        return upsampled + self.output(self.residual_layer(F.relu(self.input(upsampled))))
