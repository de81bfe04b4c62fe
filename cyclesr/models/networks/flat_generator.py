"""Generators that work at full resolution throughout: those of DSGAN and CinCGAN."""

from typing import Literal

import torch
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.networks.initialise import Init, initialise, zero
from cyclesr.models.networks.norms import make_norm
from cyclesr.models.networks.resnet_generator import noise_beside
from cyclesr.registry import MODELS

Activation = Literal["prelu", "leaky"]


@MODELS.register_module()
class FlatGenerator(nn.Module):
    """Head, residual blocks and tail of 3x3 convolutions at full resolution, padded with zeros.

    The defaults are DSGAN's (Fritsche et al. 2019); ``num_blocks=6, num_layers=2, head_kernel=7, tail_kernel=7,
    norm="batch", activation="leaky"`` is the inner cycle of CinCGAN (Yuan et al. 2018). Images are in [0, 1] at the
    interface and in [-1, 1] internally.

    Args:
        channels: number of feature maps.
        num_blocks: number of residual blocks.
        num_layers: number of 3x3 convolutions after the head and again before the tail.
        head_kernel: odd kernel size of the first convolution.
        tail_kernel: odd kernel size of the last convolution.
        norm: norm inside the residual blocks: ``none``, ``batch`` or ``instance``.
        activation: ``prelu`` (one slope per layer) or ``leaky`` (slope 0.2).
        residual: whether the output is the input plus the tail's output, in units of [0, 1] and without tanh. The tail
            starts at zero, so that the generator starts as the identity.
        noise_channels: number of channels of N(0, 1) noise that are concatenated to the input, in training and in
            inference.
        init: initialisation, see :func:`~cyclesr.models.networks.initialise.initialise`.
        image_channels: number of channels of the images.

    Differs from the released code: a rescaled tanh instead of DSGAN's sigmoid, which has the same shape; the residual
    blocks of ``leaky`` end with their norm.

    Raises:
        UserError: ``activation`` is neither.
    """

    def __init__(
        self,
        channels: int = 64,
        num_blocks: int = 8,
        num_layers: int = 0,
        head_kernel: int = 3,
        tail_kernel: int = 3,
        norm: str = "none",
        activation: Activation = "prelu",
        residual: bool = False,
        noise_channels: int = 0,
        init: Init = "default",
        image_channels: int = 3,
    ) -> None:
        super().__init__()
        self.image_channels = image_channels
        if activation not in ("prelu", "leaky"):
            raise UserError(f"activation of FlatGenerator must be prelu or leaky, found {activation!r}.")
        self.residual = residual
        self.noise_channels = noise_channels
        layers: list[nn.Module] = [_conv(image_channels + noise_channels, channels, head_kernel), _active(activation)]
        layers += _plain(channels, num_layers, activation)
        layers += [_Block(channels, norm, activation) for _ in range(num_blocks)]
        self.features = nn.Sequential(*layers, *_plain(channels, num_layers, activation))
        self.tail = _conv(channels, image_channels, tail_kernel)
        initialise(self, init)
        if residual:
            zero(self.tail)

    def forward(self, image: Tensor, noise_level: float = 1.0) -> Tensor:
        """Translates images. With ``residual``, the output can slightly exceed [0, 1].

        Args:
            image: ``(N, 3, H, W)`` in [0, 1].
            noise_level: factor that multiplies the noise.
        """
        x = 2 * image - 1
        if self.noise_channels:
            x = torch.cat([x, noise_beside(x, self.noise_channels, noise_level)], dim=1)
        out = self.tail(self.features(x)).to(image.dtype)
        return image + out if self.residual else (torch.tanh(out) + 1) / 2


class _Block(nn.Module):
    """Residual block: input plus [convolution, norm, activation, convolution, norm]."""

    def __init__(self, channels: int, norm: str, activation: Activation) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _conv(channels, channels, 3),
            make_norm(norm, channels),
            _active(activation),
            _conv(channels, channels, 3),
            make_norm(norm, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def _plain(channels: int, number: int, activation: Activation) -> list[nn.Module]:
    return [layer for _ in range(number) for layer in (_conv(channels, channels, 3), _active(activation))]


def _conv(inputs: int, outputs: int, kernel: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)


def _active(kind: Activation) -> nn.Module:
    return nn.PReLU() if kind == "prelu" else nn.LeakyReLU(0.2, inplace=True)
