"""RCAN (Zhang et al., ECCV 2018): channel attention, residual in residual."""

from typing import Any, ClassVar

from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.backbones.mean_shift import RANGE, MeanShift, check_mean_shift, with_means
from cyclesr.models.backbones.public_names import renamed
from cyclesr.models.backbones.upsampling import BicubicSkip, shuffle_stages
from cyclesr.registry import SR_BACKBONES


class _Attention(nn.Module):
    """Channel attention: weights each channel by a function of the channels' means over the image."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        self.conv_du = nn.Sequential(
            nn.Conv2d(channels, channels // reduction, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels // reduction, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.conv_du(x.mean((2, 3), keepdim=True))


class _Residual(nn.Module):
    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def _conv(channels: int) -> nn.Conv2d:
    return nn.Conv2d(channels, channels, 3, padding=1)


def _group(channels: int, num_blocks: int, reduction: int) -> _Residual:
    blocks = [
        _Residual(_conv(channels), nn.ReLU(inplace=True), _conv(channels), _Attention(channels, reduction))
        for _ in range(num_blocks)
    ]
    return _Residual(*blocks, _conv(channels))


@SR_BACKBONES.register_module()
class RCAN(nn.Module):
    """Groups of residual blocks with channel attention inside one long skip; 15,592,355 parameters for x4.

    Weights are named as in yulunzhang/RCAN, whose published weights need ``mean_shift=True``. spandrel recognises these
    names, but not those of BasicSR; :meth:`from_public` converts from both.

    Args:
        scale: 1, 2, 3, 4 or 8.
        channels: number of channels of every layer.
        num_groups: number of residual groups.
        num_blocks: number of residual blocks per group.
        reduction: factor by which the hidden layer of the channel attention has fewer channels.
        mean_shift: whether the network works internally on images in 0 to 255 minus the mean colour of DIV2K, as
            published, instead of images in [0, 1].
        global_skip: whether to add the bicubic upsampling of the input to the output. The last layer then starts at
            zero, so that the network starts as bicubic upsampling.
        image_channels: number of channels of the images.
    """

    PAPER: ClassVar[Paper] = Paper("Zhang et al., ECCV 2018", "https://arxiv.org/abs/1807.02758")
    TINY: ClassVar[dict[str, Any]] = dict(channels=4, num_groups=1, num_blocks=1, reduction=2)

    def __init__(
        self,
        scale: int,
        channels: int = 64,
        num_groups: int = 10,
        num_blocks: int = 20,
        reduction: int = 16,
        mean_shift: bool = False,
        global_skip: bool = False,
        image_channels: int = 3,
    ) -> None:
        super().__init__()
        self.image_channels = image_channels
        self.num_blocks = num_blocks
        check_mean_shift(mean_shift, image_channels)
        self.range = RANGE if mean_shift else 1.0
        self.sub_mean = MeanShift(-1) if mean_shift else nn.Identity()
        self.add_mean = MeanShift(1) if mean_shift else nn.Identity()
        self.head = nn.Sequential(nn.Conv2d(image_channels, channels, 3, padding=1))
        groups = [_group(channels, num_blocks, reduction) for _ in range(num_groups)]
        self.body = nn.Sequential(*groups, _conv(channels))
        last = nn.Conv2d(channels, image_channels, 3, padding=1)
        self.tail = nn.Sequential(shuffle_stages(channels, scale), last)
        self.skip = BicubicSkip(scale, global_skip, last)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        x = self.head(self.sub_mean(lr * self.range))
        sr = self.add_mean(self.tail(x + self.body(x))) / self.range
        return self.skip(sr, lr)

    def from_public(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """Renames the weights of the original RCAN or of BasicSR's for this network.

        Raises:
            UserError: the network was built without ``mean_shift=True``.
        """
        block = r"body\.(\d+)\.residual_group\.(\d+)\.rcab\."
        rules = [(rf"{block}3\.attention\.{i}\.(.+)", rf"body.\1.body.\2.body.3.conv_du.{i - 1}.\3") for i in (1, 3)]
        rules += [
            (rf"{block}(.+)", r"body.\1.body.\2.body.\3"),
            (r"body\.(\d+)\.conv\.(.+)", rf"body.\1.body.{self.num_blocks}.\2"),
            (r"conv_first\.(.+)", r"head.0.\1"),
            (r"conv_after_body\.(.+)", rf"body.{len(self.body) - 1}.\1"),
            (r"upsample\.(.+)", r"tail.0.\1"),
            (r"conv_last\.(.+)", r"tail.1.\1"),
        ]
        return with_means(self, renamed(weights, rules))
