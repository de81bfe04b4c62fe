"""The paper's "modified VDSR" (Sec. 4.1), as the authors' released code defines it."""

from typing import Any, ClassVar

from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.backbones.upsampling import BicubicSkip, shuffle_stages
from cyclesr.models.networks.norms import make_norm
from cyclesr.registry import SR_BACKBONES


@SR_BACKBONES.register_module()
class VDSR(nn.Module):
    """A deep plain network at LR resolution inside one skip, then sub-pixel upsampling; 1.1 M parameters by default.

    The original VDSR (Kim et al., CVPR 2016) takes the bicubic upsampling of the LR image instead of the LR image.

    Args:
        scale: 1, 2, 3, 4 or 8.
        channels: number of channels of every layer.
        num_blocks: number of conv-norm-ReLU layers before the last conv-norm.
        norm: ``batch`` (released code), ``instance`` or ``none``.
        global_skip: whether to add the bicubic upsampling of the input to the output. The last layer then starts at
            zero, so that the network starts as bicubic upsampling.
        image_channels: number of channels of the images.

    Differs from the released code: PyTorch's default initialisation instead of N(0, 0.02); scale 3 is supported.
    """

    PAPER: ClassVar[Paper] = Paper("Kim et al., CVPR 2016", "https://arxiv.org/abs/1511.04587")
    TINY: ClassVar[dict[str, Any]] = dict(channels=4, num_blocks=1)

    def __init__(
        self,
        scale: int,
        channels: int = 64,
        num_blocks: int = 20,
        norm: str = "batch",
        global_skip: bool = False,
        image_channels: int = 3,
    ) -> None:
        super().__init__()
        self.image_channels = image_channels
        self.head = nn.Conv2d(image_channels, channels, 3, padding=1)
        layers: list[nn.Module] = []
        for _ in range(num_blocks):
            layers += [nn.Conv2d(channels, channels, 3, padding=1), make_norm(norm, channels), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers, nn.Conv2d(channels, channels, 3, padding=1), make_norm(norm, channels))
        self.upsample = shuffle_stages(channels, scale, lambda: nn.ReLU(inplace=True))
        last = nn.Conv2d(channels, image_channels, 3, padding=1)
        self.tail = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(inplace=True), last)
        self.skip = BicubicSkip(scale, global_skip, last)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        features = self.head(lr)
        return self.skip(self.tail(self.upsample(features + self.body(features))), lr)
