"""PatchGAN: a discriminator with one logit per patch of an image."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from cyclesr.errors import UserError
from cyclesr.models.networks.initialise import Init, initialise
from cyclesr.models.networks.norms import make_norm
from cyclesr.registry import MODELS


@MODELS.register_module()
class PatchDiscriminator(nn.Module):
    """4x4 convolutions, the first ``num_layers`` of them with stride 2; one logit per patch.

    The defaults are CycleGAN's 70x70 PatchGAN: 2,764,737 parameters. Images are in [0, 1] at the interface
    and in [-1, 1] internally.

    Args:
        channels: number of feature maps of the first layer; it doubles at each layer, up to 8 times this number.
        num_layers: number of layers with stride 2: 1, 2 and 3 give patches of 16, 34 and 70 px.
        norm: ``instance``, ``batch``, ``none``, or ``spectral`` (all weights spectrally normalised, no other norm).
        high_pass: odd size of a box blur that is subtracted from the input, so that the discriminator sees only fine
            structure (DSGAN, Fritsche et al. 2019). 0 uses the image itself.
        input_noise: standard deviation of noise that is added to the input during training, in units of [-1, 1]
            (instance noise, Sonderby et al. 2017). 0 adds none.
        init: initialisation, see :func:`~cyclesr.models.networks.initialise.initialise`.
        image_channels: number of channels of the images.

    Differs from the released code: one output channel, as in CycleGAN; the release has 64 and averages them.
    """

    def __init__(
        self,
        channels: int = 64,
        num_layers: int = 3,
        norm: str = "instance",
        high_pass: int = 0,
        input_noise: float = 0.0,
        init: Init = "normal",
        image_channels: int = 3,
    ) -> None:
        super().__init__()
        self.image_channels = image_channels
        self.view = DiscriminatorView(high_pass, input_noise)
        self.smallest = 3 * 2**num_layers
        widths = [channels * min(2**i, 8) for i in range(num_layers + 1)]
        layers: list[nn.Module] = [nn.Conv2d(image_channels, channels, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
        for i in range(num_layers):
            stride = 2 if i < num_layers - 1 else 1
            layers += _layer(widths[i], widths[i + 1], stride, "none" if norm == "spectral" else norm)
        layers.append(nn.Conv2d(widths[-1], 1, 4, 1, 1))
        self.layers = nn.Sequential(*layers)
        initialise(self, init)
        if norm == "spectral":
            constrain(self.layers, spectral_norm)

    def forward(self, image: Tensor) -> Tensor:
        """Returns the logits ``(N, 1, h, w)`` for images ``(N, 3, H, W)`` in [0, 1].

        Raises:
            UserError: the images are too small for the number of layers.
        """
        if min(image.shape[-2:]) < self.smallest:
            raise UserError(
                f"PatchDiscriminator needs LR images of at least {self.smallest} px, found {tuple(image.shape[-2:])}: "
                "use larger crops, or reduce discriminator.num_layers."
            )
        return self.layers(self.view(image)).to(image.dtype)


class DiscriminatorView(nn.Module):
    """Preprocessing of a discriminator's input: scaling to [-1, 1], optional high-pass and optional noise.

    Args:
        high_pass: see :class:`PatchDiscriminator`.
        input_noise: see :class:`PatchDiscriminator`.

    Raises:
        UserError: ``high_pass`` is even and not 0.
    """

    def __init__(self, high_pass: int, input_noise: float) -> None:
        super().__init__()
        if high_pass and high_pass % 2 == 0:
            raise UserError(f"high_pass must be 0 or an odd number of pixels, found {high_pass}.")
        self.high_pass = high_pass
        self.input_noise = input_noise

    def forward(self, image: Tensor) -> Tensor:
        """Scales images from [0, 1] to [-1, 1], then applies the high-pass and, in training, adds noise.

        The scaling makes the high-pass twice as large as that of the image in [0, 1].
        """
        x = 2 * image - 1
        if self.high_pass:
            k = self.high_pass
            x = x - F.avg_pool2d(x, k, stride=1, padding=k // 2, count_include_pad=False)
        if self.input_noise and self.training:
            x = x + self.input_noise * torch.randn_like(x)
        return x


def constrain(network: nn.Module, parametrization: Callable[[nn.Module], nn.Module]) -> None:
    """Applies a parametrization, such as spectral norm, to every convolution."""
    for module in list(network.modules()):
        if isinstance(module, nn.Conv2d):
            parametrization(module)


def _layer(inputs: int, outputs: int, stride: int, norm: str) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 4, stride, 1), make_norm(norm, outputs), nn.LeakyReLU(0.2, inplace=True)]
