"""CycleGAN's generator, whose output has the size of its input."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.networks.convolution import Conv2d
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
        channels: number of feature maps after the head; it doubles at each downsampling.
        num_blocks: number of residual blocks.
        num_down: number of times the resolution is halved; 0 keeps full resolution throughout.
        norm: ``instance``, ``batch`` or ``none``.
        head_kernel: odd kernel size of the first convolution.
        tail_kernel: odd kernel size of the last convolution.
        residual: whether the output is the input plus the tail's output, in units of [0, 1] and without tanh. The tail
            starts at zero, so that the generator starts as the identity.
        noise_channels: number of channels of N(0, 1) noise that are concatenated to the input, in training and in
            inference.
        init: initialisation, see :func:`~cyclesr.models.networks.initialise.initialise`.
        image_channels: number of channels of the images.

    Differs from the released code: the release feeds images in [0, 1] to a network whose tanh gives [-1, 1]; here both
    the input and the output are converted. The release pads its residual blocks with zeros; this generator and CycleGAN
    use reflection. Sizes that are not multiples of ``2**num_down`` are padded before and cropped after the network; the
    release returns larger images.
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
        image_channels: int = 3,
    ) -> None:
        super().__init__()
        self.image_channels = image_channels
        self.residual = residual
        self.noise_channels = noise_channels
        self.multiple = 2**num_down
        self.smallest = max(2 * self.multiple, head_kernel // 2 + 1, tail_kernel // 2 + 1)
        widths = [channels * 2**i for i in range(num_down + 1)]
        layers = _head(image_channels + noise_channels, channels, head_kernel, norm)
        for width in widths[:-1]:
            layers += _down(width, norm)
        layers += [ResidualBlock(widths[-1], norm, "reflect") for _ in range(num_blocks)]
        for width in reversed(widths[1:]):
            layers += _up(width, norm)
        self.features = nn.Sequential(*layers)
        self.tail = Conv2d(channels, image_channels, tail_kernel, padding=tail_kernel // 2, padding_mode="reflect")
        initialise(self, init)
        if residual:
            zero(self.tail)

    def forward(self, image: Tensor, noise_level: float = 1.0) -> Tensor:
        """Translates images. With ``residual``, the output can slightly exceed [0, 1].

        Args:
            image: ``(N, 3, H, W)`` in [0, 1].
            noise_level: factor that multiplies the noise.
        """
        return self._as_image(self.features(self._with_noise(self._padded(image), noise_level)), image)

    def with_features(self, image: Tensor, layers: Sequence[int], noise_level: float = 1.0) -> list[Tensor]:
        """Returns the output of :meth:`forward`, followed by the feature maps of :meth:`encode`, in one pass."""
        x, maps = self._walk(image, layers, noise_level, len(self.features))
        return [self._as_image(x, image), *maps]

    def encode(self, image: Tensor, layers: Sequence[int], noise_level: float = 1.0) -> list[Tensor]:
        """Returns the feature maps of the given layers (CUT). Later layers are not computed.

        Args:
            image: ``(N, 3, H, W)`` in [0, 1].
            layers: increasing indices. 0 is the padded image in [-1, 1]; ``i`` is the output of the first ``i`` modules
                of ``features``. With the default ``num_blocks`` and ``num_down``, 4 and 7 are the strided convolutions
                and 10 to 18 the residual blocks.
            noise_level: factor that multiplies the noise.
        """
        return self._walk(image, layers, noise_level, max(layers))[1]

    def feature_channels(self, layers: Sequence[int]) -> list[int]:
        """Returns the number of channels of each feature map of :meth:`encode`.

        Raises:
            UserError: ``layers`` are not increasing numbers from 0 to the number of modules.
        """
        count = len(self.features)
        if not layers or list(layers) != sorted(set(layers)) or not 0 <= layers[0] <= layers[-1] <= count:
            raise UserError(f"layers must be increasing numbers from 0 to {count}, found {list(layers)}.")
        convs = (_convolutions(self.features[:i]) for i in layers)
        return [found[-1].out_channels if found else self.image_channels for found in convs]

    def _walk(self, image: Tensor, layers: Sequence[int], noise_level: float, stop: int) -> tuple[Tensor, list[Tensor]]:
        x = self._padded(image)
        maps = [x] if 0 in layers else []
        x = self._with_noise(x, noise_level)
        for i, module in enumerate(self.features[:stop], start=1):
            x = module(x)
            if i in layers:
                maps.append(x.clone())  # later activations work in place
        return x, maps

    def _padded(self, image: Tensor) -> Tensor:
        return pad_to_fit(2 * image - 1, self.multiple, self.smallest)

    def _with_noise(self, x: Tensor, level: float) -> Tensor:
        return torch.cat([x, noise_beside(x, self.noise_channels, level)], dim=1) if self.noise_channels else x

    def _as_image(self, x: Tensor, image: Tensor) -> Tensor:
        out = self.tail(x)[..., : image.shape[-2], : image.shape[-1]]
        out = out.to(image.dtype)  # images stay float32 under autocast
        return image + out if self.residual else (F.tanh(out) + 1) / 2


def noise_beside(x: Tensor, channels: int, level: float = 1.0) -> Tensor:
    """Draws N(0, 1) noise ``(N, channels, H, W)`` times a level, with the size, device and dtype of ``x``."""
    noise = torch.randn(x.shape[0], channels, *x.shape[2:], device=x.device, dtype=x.dtype)
    return noise * level


def _convolutions(network: nn.Module) -> list[nn.Conv2d | nn.ConvTranspose2d]:
    return [module for module in network.modules() if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d))]


def _head(inputs: int, channels: int, kernel: int, norm: str) -> list[nn.Module]:
    conv = Conv2d(inputs, channels, kernel, padding=kernel // 2, padding_mode="reflect")
    return [conv, make_norm(norm, channels), nn.ReLU(inplace=True)]


def _down(channels: int, norm: str) -> list[nn.Module]:
    conv = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1)
    return [conv, make_norm(norm, 2 * channels), nn.ReLU(inplace=True)]


def _up(channels: int, norm: str) -> list[nn.Module]:
    conv = nn.ConvTranspose2d(channels, channels // 2, 3, stride=2, padding=1, output_padding=1)
    return [conv, make_norm(norm, channels // 2), nn.ReLU(inplace=True)]
