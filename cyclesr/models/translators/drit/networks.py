"""DRIT's generators: an image is a content and a style, which comes from a Gaussian and is concatenated to features.

DRIT calls the style an attribute.
"""

from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.models.networks.convolution import Conv2d
from cyclesr.models.networks.image_norm import ImageNorm
from cyclesr.models.networks.image_size import pad_to_fit
from cyclesr.models.networks.initialise import Init, initialise, zero
from cyclesr.models.networks.norms import make_norm
from cyclesr.models.networks.residual import ResidualBlock
from cyclesr.models.networks.style import StyledGenerator
from cyclesr.models.networks.vae import ImageEncoder, NoisyDecoder
from cyclesr.registry import MODELS


class Gaussian(NamedTuple):
    """Independent normal distributions, ``(N, style_dim)`` each."""

    mean: Tensor
    log_variance: Tensor

    def draw(self) -> Tensor:
        """Draws one sample of each, differentiable in mean and variance."""
        return self.mean + torch.exp(0.5 * self.log_variance) * torch.randn_like(self.mean)


class ContentEncoder(ImageEncoder):
    """Image to content mean; the defaults are those of DRIT's released code.

    Args:
        channels: number of feature maps after the first convolution; it doubles at each halving.
        num_blocks: number of residual blocks at the lowest resolution; the last may be shared with the other domain.
        num_down: number of halvings of the resolution, by 3x3 convolutions of stride 2.
        kernel: odd size of the first convolution, which no norm follows.
        norm: ``instance``, ``batch``, ``layer`` or ``none``.
        init: see :func:`~cyclesr.models.networks.initialise.initialise`.
    """

    def __init__(
        self,
        channels: int = 64,
        num_blocks: int = 4,
        num_down: int = 2,
        kernel: int = 7,
        norm: str = "instance",
        init: Init = "normal",
    ) -> None:
        super().__init__()
        self.multiple = 2**num_down
        self.smallest = max(2 * self.multiple, kernel // 2 + 1)
        layers: list[nn.Module] = [Conv2d(3, channels, kernel, padding=kernel // 2, padding_mode="reflect")]
        layers.append(nn.LeakyReLU(inplace=True))
        for width in (channels * 2**i for i in range(num_down)):
            layers.append(Conv2d(width, 2 * width, 3, 2, 1, padding_mode="reflect"))
            layers += [make_norm(norm, 2 * width), nn.ReLU(inplace=True)]
        self.down = nn.Sequential(*layers)
        self.blocks = nn.ModuleList(ResidualBlock(channels * self.multiple, norm, "reflect") for _ in range(num_blocks))
        initialise(self, init)


class GaussianStyleEncoder(nn.Module):
    """Image to the distribution of its style; the defaults are those of DRIT's released code.

    Args:
        channels: number of feature maps after the first halving; each further halving adds as many, up to 4 times.
        num_down: number of halvings of the resolution before the mean over all places: a 4x4 convolution of stride 2,
            then residual blocks without norm, each of which ends in a mean over 2x2 places.
        style_dim: length of the code.
        init: of the convolutions, see :func:`~cyclesr.models.networks.initialise.initialise`.
    """

    def __init__(self, channels: int = 64, num_down: int = 4, style_dim: int = 8, init: Init = "normal") -> None:
        super().__init__()
        self.multiple = 2**num_down
        widths = [channels * min(i + 1, 4) for i in range(num_down)]
        blocks = [_HalvingBlock(inputs, outputs) for inputs, outputs in pairwise(widths)]
        self.features = nn.Sequential(Conv2d(3, channels, 4, 2, 1, padding_mode="reflect"), *blocks)
        self.mean = nn.Linear(widths[-1], style_dim)
        self.log_variance = nn.Linear(widths[-1], style_dim)
        initialise(self, init)

    def forward(self, image: Tensor) -> Gaussian:
        """Returns the distributions of the styles of images ``(N, 3, H, W)`` in [0, 1] of any size."""
        x = self.features(pad_to_fit(2 * image - 1, self.multiple, self.multiple))
        x = F.leaky_relu(x, 0.2).mean(dim=(-2, -1))
        return Gaussian(self.mean(x).to(image.dtype), self.log_variance(x).to(image.dtype))


class _HalvingBlock(nn.Module):
    """Means over 2x2 places of [activation, conv 3x3, activation, conv 3x3], and of the input through a conv 1x1."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.LeakyReLU(0.2),
            Conv2d(inputs, inputs, 3, padding=1, padding_mode="reflect"),
            nn.LeakyReLU(0.2, inplace=True),
            Conv2d(inputs, outputs, 3, padding=1, padding_mode="reflect"),
        )
        self.shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(self.body(x), 2) + self.shortcut(F.avg_pool2d(x, 2))


class ConcatDecoder(NoisyDecoder):
    """Content and style to image, the style as constant maps that join the features; DRIT's code by default.

    The style joins before the second residual block, before each doubling and before the last convolution.

    Args:
        channels, num_blocks, num_down, norm, init: as in :class:`ContentEncoder`; the first block sees no style, and
            may be shared with the other domain. Layer norm follows the doublings, unless ``norm`` is ``none``.
        kernel: odd size of the last convolution.
        style_dim: length of the style code.
        residual: whether it predicts the difference to the image that was encoded, which is zero at the start; there is
            no tanh then.
        noise_channels: channels of fresh N(0, 1) noise, added through a 1x1 convolution where full resolution is
            first reached, before norm and ReLU.
    """

    def __init__(
        self,
        channels: int = 64,
        num_blocks: int = 4,
        num_down: int = 2,
        style_dim: int = 8,
        kernel: int = 1,
        norm: str = "instance",
        residual: bool = False,
        noise_channels: int = 0,
        init: Init = "normal",
    ) -> None:
        super().__init__()
        self.style_dim = style_dim
        self.residual = residual
        self.noise_channels = noise_channels
        width = channels * 2**num_down
        widths = [width + style_dim * bool(i) for i in range(num_blocks)]
        self.blocks = nn.ModuleList(ResidualBlock(w, norm, "reflect") for w in widths)
        self.ups, self.norms = nn.ModuleList(), nn.ModuleList()
        inputs = widths[-1] if widths else width
        for _ in range(num_down):
            outputs = (inputs + style_dim) // 2
            self.ups.append(nn.ConvTranspose2d(inputs + style_dim, outputs, 3, 2, 1, output_padding=1))
            # Not make_norm's layer norm, whose scales start at random.
            self.norms.append(nn.Identity() if norm == "none" else ImageNorm(1, outputs))
            inputs = outputs
        # Replicated, as reflection would need more pixels than a tiny image has.
        self.tail = nn.Conv2d(inputs + style_dim, 3, kernel, padding=kernel // 2, padding_mode="replicate")
        initialise(self, init)
        self.make_noise(inputs if num_down else width)
        if residual:
            zero(self.tail)

    def forward(self, content: Tensor, image: Tensor, style: Tensor, noise_level: float = 1.0) -> Tensor:
        """Decodes to the size of the image that was encoded.

        Args:
            content: ``(N, channels * 2**num_down, h, w)``.
            image: ``(N, 3, H, W)`` in [0, 1], what ``content`` encodes; its values matter only with ``residual``.
            style: ``(N, style_dim)``.
            noise_level: factor of the noise.
        """
        x = content if self.ups else self.with_noise(content, noise_level)
        for i, block in enumerate(self.blocks):
            x = block(_beside(x, style) if i == 1 else x)
        for i, (up, norm) in enumerate(zip(self.ups, self.norms, strict=True), start=1):
            x = up(_beside(x, style))
            x = F.relu(norm(self.with_noise(x, noise_level) if i == len(self.ups) else x))
        out = self.tail(_beside(x, style))[..., : image.shape[-2], : image.shape[-1]].to(image.dtype)
        return image + out if self.residual else (torch.tanh(out) + 1) / 2


@MODELS.register_module()
class DisentangledGenerator(StyledGenerator):
    """Translation of one domain to the other: content encoder of the first, style encoder and decoder of the second.

    Args:
        channels, num_blocks, num_down, norm, init: for all three networks, see :class:`ContentEncoder`.
        head_kernel, tail_kernel: odd sizes of the content encoder's first and the decoder's last convolution.
        style_dim: length of the style code.
        style_down: number of halvings in the style encoder.
        residual, noise_channels: see :class:`ConcatDecoder`.
    """

    def __init__(
        self,
        channels: int = 64,
        num_blocks: int = 4,
        num_down: int = 2,
        style_dim: int = 8,
        style_down: int = 4,
        head_kernel: int = 7,
        tail_kernel: int = 1,
        norm: str = "instance",
        residual: bool = False,
        noise_channels: int = 0,
        init: Init = "normal",
    ) -> None:
        super().__init__()
        self.width = channels * 2**num_down
        self.encoder: ContentEncoder = ContentEncoder(channels, num_blocks, num_down, head_kernel, norm, init)
        self.style: GaussianStyleEncoder = GaussianStyleEncoder(channels, style_down, style_dim, init)
        self.decoder: ConcatDecoder = ConcatDecoder(
            channels, num_blocks, num_down, style_dim, tail_kernel, norm, residual, noise_channels, init
        )


def _beside(x: Tensor, style: Tensor) -> Tensor:
    """Concatenates features ``(N, C, h, w)`` and a style ``(N, S)`` at every place to ``(N, C + S, h, w)``."""
    return torch.cat([x, style.to(x.dtype)[..., None, None].expand(-1, -1, *x.shape[-2:])], dim=1)
