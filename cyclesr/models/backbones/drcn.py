"""DRCN (Kim et al., CVPR 2016): one layer, applied repeatedly."""

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.backbones.colour import Colour, Planes
from cyclesr.models.backbones.upsampling import bicubic, factors
from cyclesr.models.networks.initialise import initialise, zero
from cyclesr.registry import SR_BACKBONES


@SR_BACKBONES.register_module()
class DRCN(nn.Module):
    """Embedding, a recursive layer, and a reconstruction of each of its states; their weighted sum is the output.

    It has 1,774,080 weights for luma, without biases. No PyTorch weights were published, so the names of the weights
    are specific to this library.

    Args:
        scale: 1, 2, 3, 4 or 8.
        channels: number of channels of every layer.
        num_recursions: number of times the recursive layer is applied.
        planes: ``rgb`` or ``luma`` (the paper's), see :class:`~cyclesr.models.backbones.colour.Colour`.

    Differs from the paper: only the weighted sum is supervised, not each reconstruction; the last convolution starts
    at zero, so that the network starts as bicubic upsampling; the recursive layer has He initialisation, too.
    """

    PAPER: ClassVar[Paper] = Paper("Kim et al., CVPR 2016", "https://arxiv.org/abs/1511.04491")
    TINY: ClassVar[dict[str, Any]] = dict(channels=4, num_recursions=2)

    def __init__(self, scale: int, channels: int = 256, num_recursions: int = 16, planes: Planes = "rgb") -> None:
        super().__init__()
        factors(scale)  # raises UserError for other scales
        self.scale = scale
        self.colour = Colour(planes, scale)
        self.embedding = nn.Sequential(
            nn.Conv2d(self.colour.channels, channels, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(inplace=True),
        )
        self.recursion = nn.Conv2d(channels, channels, 3, padding=1)
        last = nn.Conv2d(channels, self.colour.channels, 3, padding=1)
        self.reconstruction = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(inplace=True), last)
        self.weights = nn.Parameter(torch.full((num_recursions,), 1 / num_recursions))
        initialise(self, "kaiming")
        zero(last)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        return self.colour(lr, self._upscale)

    def _upscale(self, lr: Tensor) -> Tensor:
        upsampled = bicubic(lr, self.scale)
        state = self.embedding(upsampled)
        output = torch.zeros_like(upsampled)
        for weight in self.weights.unbind():
            state = F.relu(self.recursion(state))
            output = output + weight * (upsampled + self.reconstruction(state))
        return output
