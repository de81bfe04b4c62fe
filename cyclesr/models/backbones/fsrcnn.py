"""FSRCNN (Dong et al., ECCV 2016): an hourglass at LR resolution."""

from typing import Any, ClassVar

from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.backbones.colour import Colour, Planes
from cyclesr.models.backbones.upsampling import BicubicSkip, factors
from cyclesr.registry import SR_BACKBONES


@SR_BACKBONES.register_module()
class FSRCNN(nn.Module):
    """Feature extraction, shrinking, mapping, expanding, transposed convolution; 12,464 weights for luma.

    Weights are named as in yjn870/FSRCNN-pytorch (``planes="luma"``).

    Args:
        scale: 1, 2, 3, 4 or 8.
        channels: number of feature maps outside the hourglass (d in the paper).
        shrunk: number of feature maps inside the hourglass (s).
        num_layers: number of mapping convolutions inside the hourglass (m).
        planes: ``rgb`` or ``luma`` (the paper's), see :class:`~cyclesr.models.backbones.colour.Colour`.
        global_skip: whether to add the bicubic upsampling of the input to the output. The last layer then starts at
            zero, so that the network starts as bicubic upsampling.

    Differs from the paper: PyTorch's default initialisation.
    """

    PAPER: ClassVar[Paper] = Paper("Dong et al., ECCV 2016", "https://arxiv.org/abs/1608.00367")
    TINY: ClassVar[dict[str, Any]] = dict(channels=6, shrunk=3, num_layers=1)

    def __init__(
        self,
        scale: int,
        channels: int = 56,
        shrunk: int = 12,
        num_layers: int = 4,
        planes: Planes = "rgb",
        global_skip: bool = False,
    ) -> None:
        super().__init__()
        factors(scale)  # raises UserError for other scales
        self.colour = Colour(planes, scale)
        self.first_part = nn.Sequential(*_layer(self.colour.channels, channels, 5))
        layers = _layer(channels, shrunk, 1)
        for _ in range(num_layers):
            layers += _layer(shrunk, shrunk, 3)
        self.mid_part = nn.Sequential(*layers, *_layer(shrunk, channels, 1))
        self.last_part = nn.ConvTranspose2d(channels, self.colour.channels, 9, scale, 4, output_padding=scale - 1)
        self.skip = BicubicSkip(scale, global_skip, self.last_part)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        return self.colour(lr, self._upscale)

    def _upscale(self, lr: Tensor) -> Tensor:
        return self.skip(self.last_part(self.mid_part(self.first_part(lr))), lr)


def _layer(inputs: int, outputs: int, kernel: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2), nn.PReLU(outputs)]
