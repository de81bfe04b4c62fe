"""EDSR (Lim et al., CVPRW 2017), with an option for small networks on CPUs."""

from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.backbones.mean_shift import RANGE, MeanShift, check_mean_shift, with_means
from cyclesr.models.backbones.public_names import renamed
from cyclesr.models.backbones.upsampling import BicubicSkip, factors, shuffle_stages
from cyclesr.models.networks.pixel_shuffle import PixelShuffle
from cyclesr.registry import SR_BACKBONES


class _Block(nn.Module):
    def __init__(self, channels: int, residual_scale: float) -> None:
        super().__init__()
        self.residual_scale = residual_scale
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.residual_scale * self.body(x)


@SR_BACKBONES.register_module()
class EDSR(nn.Module):
    """Residual blocks without norm inside one long skip.

    Args:
        scale: 1, 2, 3, 4 or 8.
        channels: number of channels: 64 for EDSR-baseline, 256 for EDSR.
        num_blocks: number of residual blocks: 16 for EDSR-baseline, 32 for EDSR.
        residual_scale: factor of each block's residual: 1 for EDSR-baseline, 0.1 for EDSR.
        upsampling: ``stages`` as in EDSR, or ``direct``, one sub-pixel convolution to RGB (as in ESPCN). With
            ``direct``, nearly all of the work is done at LR resolution, which suits CPUs.
        global_skip: whether to add the bicubic upsampling of the input to the output. The last layer then starts at
            zero, so that the network starts as bicubic upsampling.
        mean_shift: whether the network works internally on images in 0 to 255 minus the mean colour of DIV2K, as
            published, instead of images in [0, 1].
            The published weights need it; :meth:`from_public` converts them.
        image_channels: number of channels of the images.

    Differs from EDSR: images are in [0, 1] by default instead of 0 to 255; some weights have other names; x8 is
    supported.
    """

    PAPER: ClassVar[Paper] = Paper("Lim et al., CVPRW 2017", "https://arxiv.org/abs/1707.02921")
    TINY: ClassVar[dict[str, Any]] = dict(channels=4, num_blocks=1)

    def __init__(
        self,
        scale: int,
        channels: int = 64,
        num_blocks: int = 16,
        residual_scale: float = 1.0,
        upsampling: Literal["stages", "direct"] = "stages",
        global_skip: bool = False,
        mean_shift: bool = False,
        image_channels: int = 3,
    ) -> None:
        super().__init__()
        self.image_channels = image_channels
        factors(scale)  # raises UserError for other scales
        check_mean_shift(mean_shift, image_channels)
        self.range = RANGE if mean_shift else 1.0
        self.sub_mean = MeanShift(-1) if mean_shift else nn.Identity()
        self.add_mean = MeanShift(1) if mean_shift else nn.Identity()
        self.head = nn.Conv2d(image_channels, channels, 3, padding=1)
        blocks = [_Block(channels, residual_scale) for _ in range(num_blocks)]
        self.body = nn.Sequential(*blocks, nn.Conv2d(channels, channels, 3, padding=1))
        if upsampling == "direct":
            last = nn.Conv2d(channels, image_channels * scale**2, 3, padding=1)
            self.tail = nn.Sequential(last, PixelShuffle(scale))
        else:
            last = nn.Conv2d(channels, image_channels, 3, padding=1)
            self.tail = nn.Sequential(shuffle_stages(channels, scale, nn.Identity), last)
        self.skip = BicubicSkip(scale, global_skip, last)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        features = self.head(self.sub_mean(lr * self.range))
        sr = self.add_mean(self.tail(features + self.body(features))) / self.range
        return self.skip(sr, lr)

    def from_public(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """Renames the weights of EDSR-PyTorch or BasicSR for this network.

        Raises:
            UserError: the network was built without ``mean_shift=True``.
        """
        rules = [(r"head\.0\.(.+)", r"head.\1"), (r"conv_first\.(.+)", r"head.\1")]
        rules += [(rf"(?:tail\.0|upsample)\.{2 * i}\.(.+)", rf"tail.0.{3 * i}.\1") for i in range(3)]
        rules += [(rf"body\.(\d+)\.conv{i}\.(.+)", rf"body.\1.body.{2 * i - 2}.\2") for i in (1, 2)]
        rules += [(r"conv_after_body\.(.+)", rf"body.{len(self.body) - 1}.\1"), (r"conv_last\.(.+)", r"tail.1.\1")]
        return with_means(self, renamed(weights, rules))
