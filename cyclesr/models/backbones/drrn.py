"""DRRN (Tai et al., CVPR 2017): residual units that share their weights."""

from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.backbones.colour import Colour, Planes
from cyclesr.models.backbones.upsampling import bicubic, factors
from cyclesr.models.networks.initialise import initialise, zero
from cyclesr.registry import SR_BACKBONES


@SR_BACKBONES.register_module()
class DRRN(nn.Module):
    """One recursive block (the paper's B1U25) on the bicubic upsampling; 297,216 parameters for luma.

    "Image Super-Resolution via Deep Recursive Residual Network". Weights are named as in jt827859032/DRRN-pytorch
    (``planes="luma"``).

    Args:
        scale: 1, 2, 3, 4 or 8.
        channels: number of channels of every layer.
        num_units: number of times the residual unit is applied.
        planes: ``rgb`` or ``luma`` (the paper's), see :class:`~cyclesr.models.backbones.colour.Colour`.

    Differs from the paper: no batch norm and no biases, as in that code; always one recursive block; the last
    convolution starts at zero, so that the network starts as bicubic upsampling.
    """

    PAPER: ClassVar[Paper] = Paper("Tai et al., CVPR 2017")
    TINY: ClassVar[dict[str, Any]] = dict(channels=4, num_units=2)

    def __init__(self, scale: int, channels: int = 128, num_units: int = 25, planes: Planes = "rgb") -> None:
        super().__init__()
        factors(scale)  # raises UserError for other scales
        self.scale = scale
        self.num_units = num_units
        self.colour = Colour(planes, scale)
        self.input = nn.Conv2d(self.colour.channels, channels, 3, padding=1, bias=False)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.output = nn.Conv2d(channels, self.colour.channels, 3, padding=1, bias=False)
        initialise(self, "kaiming")
        zero(self.output)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        return self.colour(lr, self._upscale)

    def _upscale(self, lr: Tensor) -> Tensor:
        upsampled = bicubic(lr, self.scale)
        start = self.input(F.relu(upsampled))
        state = start
        for _ in range(self.num_units):
            state = start + self.conv2(F.relu(self.conv1(F.relu(state))))
        return upsampled + self.output(F.relu(state))
