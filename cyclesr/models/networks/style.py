"""MUNIT's generators: an image has a content, shared by both domains, and a style, specific to its domain."""

from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.models.networks.convolution import Conv2d
from cyclesr.models.networks.image_norm import normalise
from cyclesr.models.networks.image_size import pad_to_fit
from cyclesr.models.networks.initialise import Init, initialise
from cyclesr.models.networks.vae import Decoder, Encoder


class StyleEncoder(nn.Module):
    """Encoder from an image to its style code. The defaults are those of MUNIT's released code.

    Args:
        channels: number of feature maps after the first convolution; it doubles at the first two downsamplings.
        num_down: number of 4x4 convolutions of stride 2 before the global average pooling.
        style_dim: length of the style code.
        kernel: odd kernel size of the first convolution.
        init: initialisation, see :func:`~cyclesr.models.networks.initialise.initialise`.
    """

    def __init__(
        self, channels: int = 64, num_down: int = 4, style_dim: int = 8, kernel: int = 7, init: Init = "kaiming"
    ) -> None:
        super().__init__()
        self.multiple = 2**num_down
        self.smallest = max(2 * self.multiple, kernel // 2 + 1)
        widths = [channels * 2 ** min(i, 2) for i in range(num_down + 1)]
        layers: list[nn.Module] = [Conv2d(3, channels, kernel, padding=kernel // 2, padding_mode="reflect")]
        for inputs, outputs in pairwise(widths):
            layers += [nn.ReLU(inplace=True), Conv2d(inputs, outputs, 4, 2, 1, padding_mode="reflect")]
        self.features = nn.Sequential(*layers, nn.ReLU(inplace=True))
        self.tail = nn.Conv2d(widths[-1], style_dim, 1)
        initialise(self, init)

    def forward(self, image: Tensor) -> Tensor:
        """Returns the style codes ``(N, style_dim)`` of images ``(N, 3, H, W)`` in [0, 1] of any size."""
        x = self.features(pad_to_fit(2 * image - 1, self.multiple, self.smallest))
        return self.tail(x.mean(dim=(-2, -1), keepdim=True)).flatten(1)


class AdaINBlock(nn.Module):
    """Residual block with two instance norms whose scales and shifts are arguments of ``forward`` (AdaIN)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        convs = (Conv2d(channels, channels, 3, padding=1, padding_mode="reflect") for _ in range(2))
        self.convs = nn.ModuleList(convs)

    def forward(self, x: Tensor, scales: Tensor, shifts: Tensor) -> Tensor:
        """Applies the block to ``(N, C, H, W)``; ``scales`` and ``shifts`` are ``(N, 2, C)``, for each of two norms."""
        channels = x.shape[1]
        y = x
        for i, conv in enumerate(self.convs):
            normal = normalise(conv(F.relu(y) if i else y), channels)
            y = normal * scales[:, i, :, None, None] + shifts[:, i, :, None, None]
        return x + y


class StyleDecoder(nn.Module):
    """Decoder from content and style to an image. The defaults are those of MUNIT's released code.

    Args:
        channels, num_blocks, num_down, norm, kernel, up_kernel, residual, noise_channels, init: as in
            :class:`~cyclesr.models.networks.vae.Decoder`; ``norm`` applies to the upsampling only.
        style_dim: length of the style code.
        mlp_width: width of the hidden layers of the MLP that computes scales and shifts from a style.
    """

    def __init__(
        self,
        channels: int = 64,
        num_blocks: int = 4,
        num_down: int = 2,
        style_dim: int = 8,
        mlp_width: int = 256,
        kernel: int = 7,
        up_kernel: int = 5,
        norm: str = "instance",
        residual: bool = False,
        noise_channels: int = 0,
        init: Init = "kaiming",
    ) -> None:
        super().__init__()
        self.style_dim = style_dim
        self.width = channels * 2**num_down
        self.blocks = nn.ModuleList(AdaINBlock(self.width) for _ in range(num_blocks))
        initialise(self.blocks, init)
        self.up = Decoder(channels, 0, num_down, kernel, up_kernel, norm, residual, noise_channels, init)
        self.mlp = _perceptron([style_dim, mlp_width, mlp_width, 4 * self.width * num_blocks], init)

    def forward(self, content: Tensor, image: Tensor, style: Tensor, noise_level: float = 1.0) -> Tensor:
        """Decodes to the size of the encoded image.

        Args:
            content: content ``(N, channels * 2**num_down, h, w)``.
            image: the encoded image ``(N, 3, H, W)`` in [0, 1]; its values are used only with ``residual``.
            style: style codes ``(N, style_dim)``.
            noise_level: factor that multiplies the noise.
        """
        statistics = self.mlp(style).view(len(style), len(self.blocks), 2, 2, self.width)
        for i, block in enumerate(self.blocks):
            content = block(content, statistics[:, i, 0], statistics[:, i, 1])
        return self.up(content, image, noise_level)


class StyledGenerator(nn.Module):
    """Translation to the other domain in a given or random style. Subclasses build the parts.

    Attributes:
        encoder: module from an image to its content.
        decoder: module from a content, the encoded image and a style to an image. Its attribute ``style_dim`` is the
            length of the style code.
    """

    encoder: nn.Module
    decoder: Any

    def forward(self, image: Tensor, style: Tensor | None = None) -> Tensor:
        """Translates images ``(N, 3, H, W)`` in [0, 1]; without ``style`` ``(N, style_dim)``, draws it from N(0, 1)."""
        return self.decoder(self.encoder(image), image, self.drawn(image) if style is None else style)

    def drawn(self, image: Tensor) -> Tensor:
        """Draws N(0, 1) style codes ``(N, style_dim)``, one per image."""
        return torch.randn(len(image), self.decoder.style_dim, device=image.device, dtype=image.dtype)


class StyleTranslation(StyledGenerator):
    """Translation with the content encoder of the first domain and the style encoder and decoder of the second.

    Args:
        encoder: content encoder of the first domain.
        style: style encoder of the second domain.
        decoder: decoder of the second domain.
    """

    def __init__(self, encoder: Encoder, style: StyleEncoder, decoder: StyleDecoder) -> None:
        super().__init__()
        self.encoder: Encoder = encoder
        self.style: StyleEncoder = style
        self.decoder: StyleDecoder = decoder


def _perceptron(widths: list[int], init: Init) -> nn.Sequential:
    """Builds linear layers with ReLU between them."""
    linears = [nn.Linear(inputs, outputs) for inputs, outputs in pairwise(widths)]
    for linear in linears if init != "default" else []:
        nn.init.kaiming_normal_(linear.weight) if init == "kaiming" else nn.init.normal_(linear.weight, 0.0, 0.02)
        nn.init.zeros_(linear.bias)
    layers = [layer for linear in linears for layer in (linear, nn.ReLU(inplace=True))]
    return nn.Sequential(*layers[:-1])
