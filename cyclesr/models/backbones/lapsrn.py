"""LapSRN (Lai et al., CVPR 2017): a Laplacian pyramid of x2 stages."""

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError
from cyclesr.models.backbones.colour import Colour, Planes
from cyclesr.models.networks.initialise import initialise
from cyclesr.registry import SR_BACKBONES

STAGES = {2: 1, 4: 2, 8: 3}
SLOPE = 0.2


class _Features(nn.Module):
    """Convolutions, then a transposed convolution that doubles the size of the features."""

    def __init__(self, channels: int, num_layers: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(num_layers):
            layers += [nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.LeakyReLU(SLOPE, inplace=True)]
        layers += [_double(channels), nn.LeakyReLU(SLOPE, inplace=True)]
        self.cov_block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.cov_block(x)


@SR_BACKBONES.register_module()
class LapSRN(nn.Module):
    """Stages that add a residual to a learnt upsampling of the image, which starts as bilinear.

    It has 870,112 parameters for x4 luma and 873,824 for x4 RGB. Weights are named as in twtygqyy/pytorch-LapSRN
    (``planes="luma"``).

    Args:
        scale: 2, 4 or 8.
        channels: number of channels of every layer.
        num_layers: number of convolutions per stage before its transposed convolution.
        planes: ``rgb`` or ``luma`` (the paper's), see :class:`~cyclesr.models.backbones.colour.Colour`.

    Differs from the paper: only the output of the last stage is supervised; no biases, as in that code.

    Raises:
        UserError: another scale.
    """

    PAPER: ClassVar[Paper] = Paper("Lai et al., CVPR 2017", "https://arxiv.org/abs/1704.03915")
    TINY: ClassVar[dict[str, Any]] = dict(channels=4, num_layers=1)

    def __init__(self, scale: int, channels: int = 64, num_layers: int = 10, planes: Planes = "rgb") -> None:
        super().__init__()
        if scale not in STAGES:
            raise UserError(f"LapSRN supports the scales 2, 4 and 8, found {scale!r}.")
        self.stages = range(1, STAGES[scale] + 1)
        self.colour = Colour(planes, scale)
        shown = self.colour.channels
        self.conv_input = nn.Conv2d(shown, channels, 3, padding=1, bias=False)
        for i in self.stages:
            self.add_module(f"convt_I{i}", _double(shown))
            self.add_module(f"convt_R{i}", nn.Conv2d(channels, shown, 3, padding=1, bias=False))
            self.add_module(f"convt_F{i}", nn.Sequential(_Features(channels, num_layers)))
        initialise(self, "kaiming")
        self.apply(_bilinear)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        return self.colour(lr, self._upscale)

    def _upscale(self, lr: Tensor) -> Tensor:
        image, features = lr, F.leaky_relu(self.conv_input(lr), SLOPE)
        for i in self.stages:
            features = self.get_submodule(f"convt_F{i}")(features)
            image = self.get_submodule(f"convt_I{i}")(image) + self.get_submodule(f"convt_R{i}")(features)
        return image


def _double(channels: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(channels, channels, 4, stride=2, padding=1, bias=False)


def _bilinear(module: nn.Module) -> None:
    """Initialises a transposed convolution as bilinear upsampling of each channel."""
    if isinstance(module, nn.ConvTranspose2d):
        line = torch.tensor([0.25, 0.75, 0.75, 0.25])
        nn.init.zeros_(module.weight)
        for i in range(module.in_channels):
            module.weight.data[i, i] = line[:, None] * line
