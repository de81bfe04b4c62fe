"""EDSR (Lim et al., CVPRW 2017), https://arxiv.org/abs/1707.02921, small enough for a laptop where asked."""

from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from cyclesr.models.backbones.mean_shift import RANGE, MeanShift, with_means
from cyclesr.models.backbones.public_names import renamed
from cyclesr.models.backbones.upsampling import BicubicSkip, factors, shuffle_stages
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
        scale: 2, 3, 4 or 8.
        channels, num_blocks: 64 and 16 are EDSR-baseline, 256 and 32 (``residual_scale=0.1``) EDSR.
        residual_scale: of each block.
        upsampling: ``stages`` as in EDSR; ``direct`` is one sub-pixel convolution to RGB (ESPCN), so that nearly
            all work is done at LR resolution: for CPUs.
        global_skip: adds the bicubic upsampling of the input to the output, which then starts as just that.
        mean_shift: inside, images are in 0 to 255 less the mean colour of DIV2K, as published; else in [0, 1].
            The published weights need it, and :meth:`from_public`.

    Differs from EDSR: images are in [0, 1] by default, not in 0 to 255; the names of some weights; x8.
    """

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
    ) -> None:
        super().__init__()
        factors(scale)  # refuses other scales
        self.range = RANGE if mean_shift else 1.0
        self.sub_mean = MeanShift(-1) if mean_shift else nn.Identity()
        self.add_mean = MeanShift(1) if mean_shift else nn.Identity()
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        blocks = [_Block(channels, residual_scale) for _ in range(num_blocks)]
        self.body = nn.Sequential(*blocks, nn.Conv2d(channels, channels, 3, padding=1))
        if upsampling == "direct":
            last = nn.Conv2d(channels, 3 * scale**2, 3, padding=1)
            self.tail = nn.Sequential(last, nn.PixelShuffle(scale))
        else:
            last = nn.Conv2d(channels, 3, 3, padding=1)
            self.tail = nn.Sequential(shuffle_stages(channels, scale, nn.Identity), last)
        self.skip = BicubicSkip(scale, global_skip, last)

    def forward(self, lr: Tensor) -> Tensor:
        """``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, in [0, 1] up to over- and undershoot."""
        features = self.head(self.sub_mean(lr * self.range))
        sr = self.add_mean(self.tail(features + self.body(features))) / self.range
        return self.skip(sr, lr)

    def from_public(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """Weights of EDSR-PyTorch or BasicSR under the names of this network, which has ``mean_shift=True``."""
        rules = [(r"head\.0\.(.+)", r"head.\1"), (r"conv_first\.(.+)", r"head.\1")]
        rules += [(rf"(?:tail\.0|upsample)\.{2 * i}\.(.+)", rf"tail.0.{3 * i}.\1") for i in range(3)]
        rules += [(rf"body\.(\d+)\.conv{i}\.(.+)", rf"body.\1.body.{2 * i - 2}.\2") for i in (1, 2)]
        rules += [(r"conv_after_body\.(.+)", rf"body.{len(self.body) - 1}.\1"), (r"conv_last\.(.+)", r"tail.1.\1")]
        return with_means(self, renamed(weights, rules))
