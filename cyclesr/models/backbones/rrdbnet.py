"""RRDBNet of ESRGAN (Wang et al., ECCVW 2018)."""

import re
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError
from cyclesr.models.backbones.public_names import renamed
from cyclesr.models.networks.image_size import pad_to_fit
from cyclesr.models.networks.initialise import initialise
from cyclesr.registry import SR_BACKBONES

OTHER = "For ESRGAN's own layout at other scales, use type=Spandrel arch=ESRGAN with scale 2, 4 or 8."
UNSHUFFLE = {1: 4, 2: 2, 4: 1}  # the body works at a quarter of the output's resolution at every scale


class _DenseBlock(nn.Module):
    """Five convolutions; the input of each includes the outputs of all earlier ones."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        for i in range(1, 6):
            self.add_module(f"conv{i}", nn.Conv2d(channels + (i - 1) * growth, channels if i == 5 else growth, 3, 1, 1))
        initialise(self, "kaiming")
        with torch.no_grad():
            for weight in self.parameters():
                weight.mul_(0.1)  # ESRGAN, Sec. 3.1: smaller initialization

    def forward(self, x: Tensor) -> Tensor:
        seen = x
        for i in range(1, 5):
            seen = torch.cat((seen, _leaky(self.get_submodule(f"conv{i}")(seen))), dim=1)
        return x + 0.2 * self.get_submodule("conv5")(seen)


class _Block(nn.Module):
    """Residual-in-residual block: three dense blocks inside a skip connection."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (_DenseBlock(channels, growth) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        return x + 0.2 * self.rdb3(self.rdb2(self.rdb1(x)))


@SR_BACKBONES.register_module()
class RRDBNet(nn.Module):
    """Residual-in-residual dense blocks, then nearest-neighbour upsampling; 16,697,987 parameters by default.

    Weights are named as in Real-ESRGAN and BasicSR: published weights load here, and weights trained here load in other
    programs, which assume ``growth=32``. :meth:`from_public` converts both layouts of ESRGAN's own releases.

    Args:
        scale: 1, 2 or 4. With 1 and 2 the input is first pixel-unshuffled into channels, as in Real-ESRGAN.
        channels: number of channels of every layer outside the dense blocks.
        num_blocks: number of residual-in-residual blocks.
        growth: number of channels that each convolution of a dense block adds.
        image_channels: number of channels of the images.

    Raises:
        UserError: another scale.
    """

    PAPER: ClassVar[Paper] = Paper("Wang et al., ECCVW 2018", "https://arxiv.org/abs/1809.00219")
    TINY: ClassVar[dict[str, Any]] = dict(channels=8, num_blocks=1, growth=4)

    def __init__(
        self, scale: int, channels: int = 64, num_blocks: int = 23, growth: int = 32, image_channels: int = 3
    ) -> None:
        super().__init__()
        self.image_channels = image_channels
        if scale not in UNSHUFFLE:
            raise UserError(f"RRDBNet supports the scales 1, 2 and 4, found {scale!r}. {OTHER}")
        self.scale = scale
        self.conv_first = nn.Conv2d(image_channels * UNSHUFFLE[scale] ** 2, channels, 3, padding=1)
        self.body = nn.Sequential(*(_Block(channels, growth) for _ in range(num_blocks)))
        self.conv_body, self.conv_up1, self.conv_up2, self.conv_hr = (
            nn.Conv2d(channels, channels, 3, padding=1) for _ in range(4)
        )
        self.conv_last = nn.Conv2d(channels, image_channels, 3, padding=1)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        fold = UNSHUFFLE[self.scale]
        x = self.conv_first(F.pixel_unshuffle(pad_to_fit(lr, fold, fold), fold))
        x = x + self.conv_body(self.body(x))
        for conv in (self.conv_up1, self.conv_up2):
            x = _leaky(conv(F.interpolate(x, scale_factor=2.0, mode="nearest")))
        sr = self.conv_last(_leaky(self.conv_hr(x)))
        return sr[..., : lr.shape[-2] * self.scale, : lr.shape[-1] * self.scale]

    def from_public(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """Renames the weights of either layout of ESRGAN's own releases for this network.

        Raises:
            UserError: the weights have ESRGAN's first layout, but they or this network do not have scale 4.
        """
        numbered = [int(found[1]) for name in weights if (found := re.fullmatch(r"model\.(\d+)\.weight", name))]
        if numbered and (self.scale, max(numbered)) != (4, 10):  # two upsampling layers end in layer 10
            raise UserError(f"These weights in ESRGAN's first layout do not fit RRDBNet at scale {self.scale}. {OTHER}")
        rules = [
            (r"RRDB_trunk\.(\d+)\.RDB(\d)\.(.+)", r"body.\1.rdb\2.\3"),
            (r"trunk_conv\.(.+)", r"conv_body.\1"),
            (r"upconv(\d)\.(.+)", r"conv_up\1.\2"),
            (r"HRconv\.(.+)", r"conv_hr.\1"),
            (r"model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.(.+)", r"body.\1.rdb\2.conv\3.\4"),
            (r"model\.1\.sub\.\d+\.(weight|bias)", r"conv_body.\1"),
        ]
        layers = {0: "conv_first", 3: "conv_up1", 6: "conv_up2", 8: "conv_hr", 10: "conv_last"}
        return renamed(weights, [*rules, *((rf"model\.{i}\.(.+)", rf"{name}.\1") for i, name in layers.items())])


def _leaky(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2)
