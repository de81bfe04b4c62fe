"""MUNIT's generators: an image is a content, which both domains share, and a style of its own domain."""

from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.models.networks.image_size import pad_to_fit
from cyclesr.models.networks.initialise import Init, initialise
from cyclesr.models.networks.vae import Decoder, Encoder


class StyleEncoder(nn.Module):
    """Image to style code; the defaults are those of MUNIT's released code.

    Args:
        channels: feature maps after the first convolution; they double at the first two halvings.
        num_down: halvings of the resolution, by 4x4 convolutions of stride 2, before the mean over all places.
        style_dim: length of the code.
        kernel: odd size of the first convolution.
        init: see :func:`~cyclesr.models.networks.initialise.initialise`.
    """

    def __init__(
        self, channels: int = 64, num_down: int = 4, style_dim: int = 8, kernel: int = 7, init: Init = "kaiming"
    ) -> None:
        super().__init__()
        self.multiple = 2**num_down
        self.smallest = max(2 * self.multiple, kernel // 2 + 1)
        widths = [channels * 2 ** min(i, 2) for i in range(num_down + 1)]
        layers: list[nn.Module] = [nn.Conv2d(3, channels, kernel, padding=kernel // 2, padding_mode="reflect")]
        for inputs, outputs in pairwise(widths):
            layers += [nn.ReLU(inplace=True), nn.Conv2d(inputs, outputs, 4, 2, 1, padding_mode="reflect")]
        self.features = nn.Sequential(*layers, nn.ReLU(inplace=True))
        self.tail = nn.Conv2d(widths[-1], style_dim, 1)
        initialise(self, init)

    def forward(self, image: Tensor) -> Tensor:
        """Styles ``(N, style_dim)`` of images ``(N, 3, H, W)`` in [0, 1] of any size."""
        x = self.features(pad_to_fit(2 * image - 1, self.multiple, self.smallest))
        return self.tail(x.mean(dim=(-2, -1), keepdim=True)).flatten(1)


class AdaINBlock(nn.Module):
    """Residual block whose two instance norms take scale and shift of each channel from outside (AdaIN)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        convs = (nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect") for _ in range(2))
        self.convs = nn.ModuleList(convs)

    def forward(self, x: Tensor, scales: Tensor, shifts: Tensor) -> Tensor:
        """Shape ``(N, C, H, W)`` in and out; ``scales`` and ``shifts`` are ``(N, 2, C)``, one for each norm."""
        channels = x.shape[1]
        y = x
        for i, conv in enumerate(self.convs):
            normal = F.group_norm(conv(F.relu(y) if i else y), channels)
            y = normal * scales[:, i, :, None, None] + shifts[:, i, :, None, None]
        return x + y


class StyleDecoder(nn.Module):
    """Content and style to image; the defaults are those of MUNIT's released code.

    Args:
        channels, num_blocks, num_down, norm, kernel, up_kernel, residual, noise_channels, init: as in
            :class:`~cyclesr.models.networks.vae.Decoder`; ``norm`` is of the upsampling alone.
        style_dim: length of the style code.
        mlp_width: of the hidden layers that turn a style into scales and shifts.
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
        """Decodes to the size of the image that was encoded.

        Args:
            content: ``(N, channels * 2**num_down, h, w)``.
            image: ``(N, 3, H, W)`` in [0, 1], what ``content`` encodes; its values matter with ``residual`` alone.
            style: ``(N, style_dim)``.
            noise_level: factor of the noise.
        """
        statistics = self.mlp(style).view(len(style), len(self.blocks), 2, 2, self.width)
        for i, block in enumerate(self.blocks):
            content = block(content, statistics[:, i, 0], statistics[:, i, 1])
        return self.up(content, image, noise_level)


class StyledGenerator(nn.Module):
    """Translation of one domain to the other in a style that is given or drawn; subclasses make the parts.

    Attributes:
        encoder: an image to its content.
        decoder: a content, the image that it is of, and a style to an image; ``style_dim`` is the style's length.
    """

    encoder: nn.Module
    decoder: Any

    def forward(self, image: Tensor, style: Tensor | None = None) -> Tensor:
        """Images ``(N, 3, H, W)`` in [0, 1] to the same size; N(0, 1) styles ``(N, style_dim)`` unless given."""
        return self.decoder(self.encoder(image), image, self.drawn(image) if style is None else style)

    def drawn(self, image: Tensor) -> Tensor:
        """Fresh N(0, 1) styles, one for each image."""
        return torch.randn(len(image), self.decoder.style_dim, device=image.device, dtype=image.dtype)


class StyleTranslation(StyledGenerator):
    """Translation of one domain to the other: the content encoder of the first, the rest of the second.

    Args:
        encoder: content of an image of the first domain.
        style: style of an image of the second.
        decoder: both to an image of the second.
    """

    def __init__(self, encoder: Encoder, style: StyleEncoder, decoder: StyleDecoder) -> None:
        super().__init__()
        self.encoder: Encoder = encoder
        self.style: StyleEncoder = style
        self.decoder: StyleDecoder = decoder


def _perceptron(widths: list[int], init: Init) -> nn.Sequential:
    """Linear layers with ReLU between them."""
    linears = [nn.Linear(inputs, outputs) for inputs, outputs in pairwise(widths)]
    for linear in linears if init != "default" else []:
        nn.init.kaiming_normal_(linear.weight) if init == "kaiming" else nn.init.normal_(linear.weight, 0.0, 0.02)
        nn.init.zeros_(linear.bias)
    layers = [layer for linear in linears for layer in (linear, nn.ReLU(inplace=True))]
    return nn.Sequential(*layers[:-1])
