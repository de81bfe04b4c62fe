"""UNIT's discriminators: one network for each scale of an image."""

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from cyclesr.errors import UserError
from cyclesr.models.networks.convolution import Conv2d
from cyclesr.models.networks.initialise import Init, initialise
from cyclesr.models.networks.norms import make_norm
from cyclesr.models.networks.patch_discriminator import DiscriminatorView, constrain
from cyclesr.registry import MODELS


@MODELS.register_module()
class MultiScaleDiscriminator(nn.Module):
    """Patch discriminators at full, half, quarter ... resolution.

    The defaults are those of UNIT's released code (MsImageDis): 8,271,171 parameters. Images are in [0, 1] at the
    interface and in [-1, 1] internally.

    Args:
        channels: number of feature maps of the first layer; it doubles at each layer.
        num_layers: number of 4x4 convolutions of stride 2 in each network.
        num_scales: number of networks; each sees half the resolution of the one before.
        norm: ``none``, ``instance``, ``batch`` or ``spectral``. The first layer has no norm, except ``spectral``.
        high_pass: see :class:`~cyclesr.models.networks.PatchDiscriminator`.
        input_noise: see :class:`~cyclesr.models.networks.PatchDiscriminator`.
        init: initialisation, see :func:`~cyclesr.models.networks.initialise.initialise`.
    """

    def __init__(
        self,
        channels: int = 64,
        num_layers: int = 4,
        num_scales: int = 3,
        norm: str = "none",
        high_pass: int = 0,
        input_noise: float = 0.0,
        init: Init = "normal",
    ) -> None:
        super().__init__()
        self.view = DiscriminatorView(high_pass, input_noise)
        self.num_layers = num_layers
        layer_norm = "none" if norm == "spectral" else norm
        self.scales = nn.ModuleList(_single_scale(channels, num_layers, layer_norm) for _ in range(num_scales))
        initialise(self, init)
        if norm == "spectral":
            constrain(self.scales, spectral_norm)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Returns the logits ``(N, 1, h, w)`` of each scale for images ``(N, 3, H, W)`` in [0, 1].

        Raises:
            UserError: the images are too small for the number of layers and scales.
        """
        self._check_size(image)
        x = self.view(image)
        logits = []
        for i, scale in enumerate(self.scales):
            if i:
                x = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
            logits.append(scale(x).to(image.dtype))
        return logits

    def _check_size(self, image: Tensor) -> None:
        times = 2 ** (len(self.scales) - 1)
        smallest = (2**self.num_layers - 1) * times + 1
        if min(image.shape[-2:]) < smallest:
            raise UserError(
                f"MultiScaleDiscriminator with {self.num_layers} layers and {len(self.scales)} scales needs LR images "
                f"of at least {smallest} px, found {tuple(image.shape[-2:])}: use larger crops, or reduce "
                "discriminator.num_layers or discriminator.num_scales."
            )


def _single_scale(channels: int, num_layers: int, norm: str) -> nn.Sequential:
    layers: list[nn.Module] = []
    inputs = 3
    for i in range(num_layers):
        outputs = channels * 2**i
        layers.append(Conv2d(inputs, outputs, 4, 2, 1, padding_mode="reflect"))
        layers += [make_norm(norm if i else "none", outputs), nn.LeakyReLU(0.2, inplace=True)]
        inputs = outputs
    return nn.Sequential(*layers, nn.Conv2d(inputs, 1, 1))
