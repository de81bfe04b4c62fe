"""CycleGAN's generator: an image in, an image of the same size out."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.models.networks.image_size import pad_to_fit
from cyclesr.models.networks.initialise import Init, initialise, zero
from cyclesr.models.networks.norms import make_norm
from cyclesr.models.networks.residual import ResidualBlock
from cyclesr.registry import MODELS


@MODELS.register_module()
class ResNetGenerator(nn.Module):
    """Head convolution, strided convolutions, residual blocks, transposed convolutions, tail convolution.

    The defaults are CycleGAN's (Zhu et al. 2017): 11,378,179 parameters. Images are in [0, 1] outside and in
    [-1, 1] inside.

    Args:
        channels: feature maps after the head; they double at each downsampling.
        num_blocks: residual blocks.
        num_down: halvings of the resolution; 0 keeps full resolution throughout.
        norm: ``instance``, ``batch`` or ``none``.
        head_kernel, tail_kernel: odd sizes of the first and the last convolution.
        residual: the output is the input plus the tail's output, in units of [0, 1], with a tail that starts at zero
            and no tanh: the generator starts as the identity.
        noise_channels: channels of fresh N(0, 1) noise beside the input, in training and inference alike.
        init: see :func:`~cyclesr.models.networks.initialise.initialise`.

    Differs from the release: it fed [0, 1] images to a network whose tanh gives [-1, 1]; here both are converted.
    The release pads its residual blocks with zeros, CycleGAN and this reflect. Sizes that ``2**num_down`` does not
    divide are padded before and cropped after, where the release returned larger images.
    """

    def __init__(
        self,
        channels: int = 64,
        num_blocks: int = 9,
        num_down: int = 2,
        norm: str = "instance",
        head_kernel: int = 7,
        tail_kernel: int = 7,
        residual: bool = False,
        noise_channels: int = 0,
        init: Init = "normal",
    ) -> None:
        super().__init__()
        self.residual = residual
        self.noise_channels = noise_channels
        self.multiple = 2**num_down
        self.smallest = max(2 * self.multiple, head_kernel // 2 + 1, tail_kernel // 2 + 1)
        widths = [channels * 2**i for i in range(num_down + 1)]
        layers = _head(3 + noise_channels, channels, head_kernel, norm)
        for width in widths[:-1]:
            layers += _down(width, norm)
        layers += [ResidualBlock(widths[-1], norm, "reflect") for _ in range(num_blocks)]
        for width in reversed(widths[1:]):
            layers += _up(width, norm)
        self.features = nn.Sequential(*layers)
        self.tail = nn.Conv2d(channels, 3, tail_kernel, padding=tail_kernel // 2, padding_mode="reflect")
        initialise(self, init)
        if residual:
            zero(self.tail)

    def forward(self, image: Tensor, noise_level: float = 1.0) -> Tensor:
        """Translates images; with ``residual`` the output may leave [0, 1] a little.

        Args:
            image: ``(N, 3, H, W)`` in [0, 1].
            noise_level: factor of the noise.
        """
        height, width = image.shape[-2:]
        x = pad_to_fit(2 * image - 1, self.multiple, self.smallest)
        if self.noise_channels:
            x = torch.cat([x, noise_beside(x, self.noise_channels, noise_level)], dim=1)
        out = self.tail(self.features(x))[..., :height, :width].to(image.dtype)  # images stay float32 under autocast
        return image + out if self.residual else (F.tanh(out) + 1) / 2


def noise_beside(x: Tensor, channels: int, level: float = 1.0) -> Tensor:
    """Fresh N(0, 1) noise ``(N, channels, H, W)``, times a level, of the size, device and type of ``x``."""
    noise = torch.randn(x.shape[0], channels, *x.shape[2:], device=x.device, dtype=x.dtype)
    return noise * level


def _head(inputs: int, channels: int, kernel: int, norm: str) -> list[nn.Module]:
    conv = nn.Conv2d(inputs, channels, kernel, padding=kernel // 2, padding_mode="reflect")
    return [conv, make_norm(norm, channels), nn.ReLU(inplace=True)]


def _down(channels: int, norm: str) -> list[nn.Module]:
    conv = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1)
    return [conv, make_norm(norm, 2 * channels), nn.ReLU(inplace=True)]


def _up(channels: int, norm: str) -> list[nn.Module]:
    conv = nn.ConvTranspose2d(channels, channels // 2, 3, stride=2, padding=1, output_padding=1)
    return [conv, make_norm(norm, channels // 2), nn.ReLU(inplace=True)]
