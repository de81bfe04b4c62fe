"""UNIT's generators: encoders from images to a latent space shared by both domains, and decoders back to images."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.networks.convolution import Conv2d
from cyclesr.models.networks.image_size import pad_to_fit
from cyclesr.models.networks.initialise import Init, initialise, zero
from cyclesr.models.networks.norms import make_norm
from cyclesr.models.networks.residual import ResidualBlock
from cyclesr.models.networks.resnet_generator import noise_beside


class ImageEncoder(nn.Module):
    """Downsampling convolutions, then residual blocks. Subclasses build them.

    Attributes:
        multiple: both sides of an image are padded to multiples of this number.
        smallest: both sides of an image are padded to at least this length.
    """

    multiple: int
    smallest: int
    down: nn.Sequential
    blocks: nn.ModuleList

    def forward(self, image: Tensor) -> Tensor:
        """Encodes images ``(N, 3, H, W)`` in [0, 1] of any size to means ``(N, channels * 2**num_down, h, w)``."""
        x: Tensor = self.down(pad_to_fit(2 * image - 1, self.multiple, self.smallest))
        for block in self.blocks:
            x = block(x)
        return x


class NoisyDecoder(nn.Module):
    """A decoder that adds N(0, 1) noise through a 1x1 convolution.

    Attributes:
        noise_channels: number of channels of the noise; 0 adds none.
    """

    noise_channels: int
    noise: nn.Conv2d

    def make_noise(self, width: int) -> None:
        """Builds the convolution from the noise to ``width`` feature maps, if there is noise."""
        if self.noise_channels:
            self.noise = nn.Conv2d(self.noise_channels, width, 1, bias=False)
            nn.init.normal_(self.noise.weight, 0.0, 0.1)

    def with_noise(self, x: Tensor, level: float) -> Tensor:
        """Adds noise, multiplied by ``level``, to features ``(N, width, h, w)``."""
        return x + self.noise(noise_beside(x, self.noise_channels, level)) if self.noise_channels else x


class Encoder(ImageEncoder):
    """Encoder from an image to its latent mean. The defaults are those of UNIT's released code.

    Args:
        channels: number of feature maps after the first convolution; it doubles at each downsampling.
        num_blocks: number of residual blocks at the lowest resolution.
        num_down: number of 4x4 convolutions of stride 2, each of which halves the resolution.
        kernel: odd kernel size of the first convolution.
        norm: ``instance``, ``batch``, ``layer`` or ``none``.
        init: initialisation, see :func:`~cyclesr.models.networks.initialise.initialise`.
    """

    def __init__(
        self,
        channels: int = 64,
        num_blocks: int = 4,
        num_down: int = 2,
        kernel: int = 7,
        norm: str = "instance",
        init: Init = "kaiming",
    ) -> None:
        super().__init__()
        self.multiple = 2**num_down
        self.smallest = max(2 * self.multiple, kernel // 2 + 1)
        layers = _conv(3, channels, kernel, 1, norm)
        for i in range(num_down):
            layers += _conv(channels * 2**i, channels * 2 ** (i + 1), 4, 2, norm)
        self.down = nn.Sequential(*layers)
        self.blocks = _blocks(channels * self.multiple, num_blocks, norm)
        initialise(self, init)


class Decoder(NoisyDecoder):
    """Decoder from a latent code to an image. The defaults are those of UNIT's released code.

    Args:
        channels, num_blocks, num_down, norm, init: as in :class:`Encoder`.
        kernel: odd kernel size of the last convolution.
        up_kernel: odd kernel size of the convolution after each nearest-neighbour upsampling. Layer norm follows it,
            unless ``norm`` is ``none``.
        residual: whether the decoder predicts the difference to the encoded image, without tanh. The last convolution
            starts at zero.
        noise_channels: number of channels of N(0, 1) noise, added through a 1x1 convolution at the first layer of full
            resolution. Noise at the encoder's input would have to pass through the coarse latent code.
    """

    def __init__(
        self,
        channels: int = 64,
        num_blocks: int = 4,
        num_down: int = 2,
        kernel: int = 7,
        up_kernel: int = 5,
        norm: str = "instance",
        residual: bool = False,
        noise_channels: int = 0,
        init: Init = "kaiming",
    ) -> None:
        super().__init__()
        self.residual = residual
        self.noise_channels = noise_channels
        width = channels * 2**num_down
        self.blocks = _blocks(width, num_blocks, norm)
        widths = [width // 2**i for i in range(num_down + 1)]
        self.ups = nn.ModuleList(
            nn.Sequential(*_conv(w, w // 2, up_kernel, 1, "none" if norm == "none" else "layer")) for w in widths[:-1]
        )
        self.tail = Conv2d(channels, 3, kernel, padding=kernel // 2, padding_mode="reflect")
        initialise(self, init)
        self.make_noise(widths[-2] if num_down else width)
        if residual:
            zero(self.tail)

    def forward(self, latent: Tensor, image: Tensor, noise_level: float = 1.0) -> Tensor:
        """Decodes to the size of the encoded image.

        Args:
            latent: latent code ``(N, channels * 2**num_down, h, w)``.
            image: the encoded image ``(N, 3, H, W)`` in [0, 1]; its values are used only with ``residual``.
            noise_level: factor that multiplies the noise.
        """
        x = latent if self.ups else self.with_noise(latent, noise_level)
        for block in self.blocks:
            x = block(x)
        for i, up in enumerate(self.ups, start=1):
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = up(self.with_noise(x, noise_level) if i == len(self.ups) else x)
        out = self.tail(x)[..., : image.shape[-2], : image.shape[-1]].to(image.dtype)
        return image + out if self.residual else (torch.tanh(out) + 1) / 2


class EncoderDecoder(nn.Module):
    """Translation with the encoder of the first domain and the decoder of the second."""

    def __init__(self, encoder: Encoder, decoder: Decoder) -> None:
        super().__init__()
        self.encoder: Encoder = encoder
        self.decoder: Decoder = decoder

    def forward(self, image: Tensor) -> Tensor:
        """Translates images ``(N, 3, H, W)`` in [0, 1], without noise on the latent code."""
        return self.decoder(self.encoder(image), image)


def share_blocks(first: nn.ModuleList, second: nn.ModuleList, indices: range) -> None:
    """Replaces the blocks of the second list at the given indices by those of the first.

    Raises:
        UserError: there are fewer blocks than indices.
    """
    if len(indices) > len(first):
        raise UserError(f"shared_layers is {len(indices)}, but generator.num_blocks is only {len(first)}.")
    for i in indices:
        second[i] = first[i]


def _blocks(channels: int, number: int, norm: str) -> nn.ModuleList:
    return nn.ModuleList(ResidualBlock(channels, norm, "reflect") for _ in range(number))


def _conv(inputs: int, outputs: int, kernel: int, stride: int, norm: str) -> list[nn.Module]:
    padding = (kernel - 1) // 2
    conv = Conv2d(inputs, outputs, kernel, stride, padding, padding_mode="reflect")
    return [conv, make_norm(norm, outputs), nn.ReLU(inplace=True)]
