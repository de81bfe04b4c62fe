"""ESPCN (Shi et al., CVPR 2016): the sub-pixel convolution."""

from typing import Any, ClassVar

from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.backbones.colour import Colour, Planes
from cyclesr.models.backbones.upsampling import BicubicSkip, factors
from cyclesr.models.networks.pixel_shuffle import PixelShuffle
from cyclesr.registry import SR_BACKBONES


@SR_BACKBONES.register_module()
class ESPCN(nn.Module):
    """Three convolutions at LR resolution; the last gives every pixel of the output.

    Weights are named as in yjn870/ESPCN-pytorch (``planes="luma"``).

    Args:
        scale: 1, 2, 3, 4 or 8.
        channels: number of feature maps after the first convolution; the second has half as many.
        planes: ``rgb`` or ``luma`` (the paper's), see :class:`~cyclesr.models.backbones.colour.Colour`.
        global_skip: whether to add the bicubic upsampling of the input to the output. The last layer then starts at
            zero, so that the network starts as bicubic upsampling.

    Differs from the paper: PyTorch's default initialisation.
    """

    PAPER: ClassVar[Paper] = Paper("Shi et al., CVPR 2016", "https://arxiv.org/abs/1609.05158")
    TINY: ClassVar[dict[str, Any]] = dict(channels=4)

    def __init__(self, scale: int, channels: int = 64, planes: Planes = "rgb", global_skip: bool = False) -> None:
        super().__init__()
        factors(scale)  # raises UserError for other scales
        self.colour = Colour(planes, scale)
        self.first_part = nn.Sequential(
            nn.Conv2d(self.colour.channels, channels, 5, padding=2),
            nn.Tanh(),
            nn.Conv2d(channels, channels // 2, 3, padding=1),
            nn.Tanh(),
        )
        last = nn.Conv2d(channels // 2, self.colour.channels * scale**2, 3, padding=1)
        self.last_part = nn.Sequential(last, PixelShuffle(scale))
        self.skip = BicubicSkip(scale, global_skip, last)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        return self.colour(lr, self._upscale)

    def _upscale(self, lr: Tensor) -> Tensor:
        return self.skip(self.last_part(self.first_part(lr)), lr)
