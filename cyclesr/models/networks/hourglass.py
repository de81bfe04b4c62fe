"""Encoder-decoder without residual blocks: DiscoGAN's generator and, with skip connections, DualGAN's U-Net."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.networks.image_size import pad_to_fit
from cyclesr.models.networks.initialise import Init, initialise, zero
from cyclesr.models.networks.norms import make_norm
from cyclesr.models.networks.resnet_generator import noise_beside
from cyclesr.registry import MODELS

DROPOUT_LEVELS = 3  # dropout acts in the deepest three levels (Isola et al. 2017)


@MODELS.register_module()
class Hourglass(nn.Module):
    """Strided convolutions down, transposed convolutions up; the output has the size of the input.

    The defaults are DiscoGAN's (Kim et al. 2017); ``skips=True, num_down=8, kernel=5, norm="instance", dropout=0.5``
    is the U-Net of DualGAN (Yi et al. 2017). Images are in [0, 1] at the interface and in [-1, 1] internally. Images of
    any size work: each level pads its input to even sides and crops its output accordingly.

    Args:
        channels: number of feature maps of the first level; it doubles at each level, up to 8 times this number.
        num_down: number of levels. Training crops should have sides of at least ``2**num_down`` px, because deeper
            levels of one pixel cannot be halved. A level whose output is one pixel has no norm.
        skips: whether each level up also receives the output of the level down of its size.
        kernel: kernel size: 3, 4 or 5.
        norm: ``batch``, ``instance`` or ``none``. The first level down and the last level up have no norm.
        dropout: probability of dropout in the three deepest levels up. It acts in training and in inference, as the
            noise of the U-Net.
        residual: whether the output is the input plus the last level's output, in units of [0, 1] and without tanh. The
            last level starts at zero.
        noise_channels: number of channels of N(0, 1) noise that are concatenated to the input, in training and in
            inference.
        init: initialisation, see :func:`~cyclesr.models.networks.initialise.initialise`.

    Differs from DiscoGAN's released code: convolutions have biases; ReLU instead of LeakyReLU follows the bottleneck;
    the bottleneck is not fully connected; the input is scaled to [-1, 1] and a rescaled tanh replaces the sigmoid;
    weights start as N(0, 0.02).

    Raises:
        UserError: ``kernel`` is not 3, 4 or 5, or ``num_down`` is less than 1.
    """

    def __init__(
        self,
        channels: int = 64,
        num_down: int = 4,
        skips: bool = False,
        kernel: int = 4,
        norm: str = "batch",
        dropout: float = 0.0,
        residual: bool = False,
        noise_channels: int = 0,
        init: Init = "normal",
    ) -> None:
        super().__init__()
        if kernel not in (3, 4, 5) or num_down < 1:
            raise UserError(f"Hourglass needs kernel 3, 4 or 5 and num_down >= 1, found {kernel} and {num_down}.")
        self.skips = skips
        self.dropout = dropout
        self.residual = residual
        self.noise_channels = noise_channels
        widths = [channels * min(2**i, 8) for i in range(num_down)]
        seen = [width * (2 if skips else 1) for width in widths[:-1]] + widths[-1:]
        norms = ["none"] + [norm] * (num_down - 1)
        self.downs = nn.ModuleList(
            _Level(nn.LeakyReLU(0.2) if i else nn.Identity(), _halving(*sides, kernel), make_norm(norms[i], sides[1]))
            for i, sides in enumerate(zip([3 + noise_channels, *widths], widths, strict=False))
        )
        made = [3, *widths]
        ups = [
            _Level(nn.ReLU(), _doubling(seen[i], made[i], kernel), make_norm(norms[i], made[i]))
            for i in reversed(range(num_down))
        ]
        self.ups = nn.ModuleList(ups)
        initialise(self, init)
        if residual:
            zero(ups[-1].conv)

    def forward(self, image: Tensor, noise_level: float = 1.0, dropping: bool = True) -> Tensor:
        """Translates images. With ``residual``, the output can slightly exceed [0, 1].

        Args:
            image: ``(N, 3, H, W)`` in [0, 1].
            noise_level: factor that multiplies the noise channels.
            dropping: False leaves out the dropout.
        """
        x = 2 * image - 1
        if self.noise_channels:
            x = torch.cat([x, noise_beside(x, self.noise_channels, noise_level)], dim=1)
        sides, maps = [], []
        for down in self.downs:
            sides.append(x.shape[-2:])
            x = down(pad_to_fit(x, 2, 2))
            maps.append(x)
        for depth, (up, (height, width)) in enumerate(zip(self.ups, reversed(sides), strict=True)):
            x = up(torch.cat([x, maps[-1 - depth]], dim=1) if self.skips and depth else x)[..., :height, :width]
            if dropping and self.dropout and depth < min(DROPOUT_LEVELS, len(self.ups) - 1):
                x = F.dropout(x, self.dropout, training=True)
        out = x.to(image.dtype)
        return image + out if self.residual else (torch.tanh(out) + 1) / 2


class _Level(nn.Module):
    """Activation, convolution and norm. Maps of one pixel skip the norm, which would erase them."""

    def __init__(self, activation: nn.Module, conv: nn.Conv2d | nn.ConvTranspose2d, norm: nn.Module) -> None:
        super().__init__()
        self.activation = activation
        self.conv: nn.Conv2d | nn.ConvTranspose2d = conv
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(self.activation(x))
        return x if x.shape[-2:] == (1, 1) else self.norm(x)


def _halving(inputs: int, outputs: int, kernel: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride=2, padding=(kernel - 1) // 2)


def _doubling(inputs: int, outputs: int, kernel: int) -> nn.ConvTranspose2d:
    padding, odd = (kernel - 1) // 2, kernel % 2
    return nn.ConvTranspose2d(inputs, outputs, kernel, stride=2, padding=padding, output_padding=odd)
