"""SRCNN (Dong et al., ECCV 2014 and TPAMI 2016): the first SR network."""

from typing import Any, ClassVar, Literal

import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.backbones.colour import Colour, Planes
from cyclesr.models.backbones.upsampling import BicubicSkip, bicubic, factors
from cyclesr.registry import SR_BACKBONES


@SR_BACKBONES.register_module()
class SRCNN(nn.Module):
    """Three convolutions on the bicubic upsampling of the input; 57,184 weights with ``planes="luma"``.

    Weights are named as in yjn870/SRCNN-pytorch (``planes="luma"``) and in mmagic (``mapping_kernel=1``).

    Args:
        scale: 1, 2, 3, 4 or 8.
        channels: number of feature maps after the first convolution.
        mapped: number of feature maps after the second convolution.
        mapping_kernel: kernel size of the second convolution: 1, 3 or 5 (the networks 9-1-5, 9-3-5, 9-5-5).
        planes: ``rgb`` or ``luma`` (the paper's), see :class:`~cyclesr.models.backbones.colour.Colour`.
        global_skip: whether to add the bicubic upsampling of the input to the output. The last layer then starts at
            zero, so that the network starts as bicubic upsampling.

    Differs from the paper: convolutions are padded with zeros, so that the image keeps its size; PyTorch's default
    initialisation.
    """

    PAPER: ClassVar[Paper] = Paper("Dong et al., ECCV 2014 and TPAMI 2016", "https://arxiv.org/abs/1501.00092")
    TINY: ClassVar[dict[str, Any]] = dict(channels=4, mapped=3, mapping_kernel=1)

    def __init__(
        self,
        scale: int,
        channels: int = 64,
        mapped: int = 32,
        mapping_kernel: Literal[1, 3, 5] = 5,
        planes: Planes = "rgb",
        global_skip: bool = False,
    ) -> None:
        super().__init__()
        factors(scale)  # raises UserError for other scales
        self.scale = scale
        self.colour = Colour(planes, scale)
        self.conv1 = nn.Conv2d(self.colour.channels, channels, 9, padding=4)
        self.conv2 = nn.Conv2d(channels, mapped, mapping_kernel, padding=mapping_kernel // 2)
        self.conv3 = nn.Conv2d(mapped, self.colour.channels, 5, padding=2)
        self.skip = BicubicSkip(scale, global_skip, self.conv3)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        return self.colour(lr, self._upscale)

    def _upscale(self, lr: Tensor) -> Tensor:
        features = F.relu(self.conv1(bicubic(lr, self.scale)))
        return self.skip(self.conv3(F.relu(self.conv2(features))), lr)
