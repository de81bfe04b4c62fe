"""SRResNet (Ledig et al., CVPR 2017): the paper's "original SRResNet" (Sec. 4.1)."""

from typing import Any, ClassVar

from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.backbones.upsampling import BicubicSkip, shuffle_stages
from cyclesr.models.networks.norms import make_norm
from cyclesr.registry import SR_BACKBONES


class _Block(nn.Module):
    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            make_norm(norm, channels),
            nn.PReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            make_norm(norm, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


@SR_BACKBONES.register_module()
class SRResNet(nn.Module):
    """9x9 head and tail, PReLU, residual blocks with norm inside one long skip, sub-pixel upsampling.

    The names of the weights are specific to this library. The initialisation is PyTorch's default.

    Args:
        scale: 1, 2, 3, 4 or 8.
        channels: number of channels of every layer.
        num_blocks: number of residual blocks.
        norm: ``batch`` (the original), ``instance`` or ``none``.
        global_skip: whether to add the bicubic upsampling of the input to the output. The last layer then starts at
            zero, so that the network starts as bicubic upsampling.
        image_channels: number of channels of the images.
    """

    PAPER: ClassVar[Paper] = Paper("Ledig et al., CVPR 2017", "https://arxiv.org/abs/1609.04802")
    TINY: ClassVar[dict[str, Any]] = dict(channels=4, num_blocks=1)

    def __init__(
        self,
        scale: int,
        channels: int = 64,
        num_blocks: int = 16,
        norm: str = "batch",
        global_skip: bool = False,
        image_channels: int = 3,
    ) -> None:
        super().__init__()
        self.image_channels = image_channels
        self.head = nn.Sequential(nn.Conv2d(image_channels, channels, 9, padding=4), nn.PReLU())
        blocks = [_Block(channels, norm) for _ in range(num_blocks)]
        self.body = nn.Sequential(*blocks, nn.Conv2d(channels, channels, 3, padding=1), make_norm(norm, channels))
        self.upsample = shuffle_stages(channels, scale, nn.PReLU)
        self.tail = nn.Conv2d(channels, image_channels, 9, padding=4)
        self.skip = BicubicSkip(scale, global_skip, self.tail)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        features = self.head(lr)
        return self.skip(self.tail(self.upsample(features + self.body(features))), lr)
