"""The discriminator of Real-ESRGAN: a U-Net with spectral norm and one logit per pixel."""

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from cyclesr.errors import UserError
from cyclesr.models.networks.patch_discriminator import constrain
from cyclesr.registry import MODELS

SMALLEST = 8  # pixels, which three layers of stride 2 reduce to one


@MODELS.register_module()
class UNetDiscriminator(nn.Module):
    """Judges each pixel of an HR image: three layers of stride 2, and three that enlarge again, with skip connections.

    With 64 channels it is Real-ESRGAN's: 4,376,897 parameters. All weights are spectrally normalised except those of
    the first and the last layer.

    Args:
        channels: number of feature maps of the first layer; it doubles at each layer of stride 2.
        image_channels: number of channels of the images.

    Source: Wang et al., ICCVW 2021 (Real-ESRGAN), Sec. 3.3.
    """

    def __init__(self, channels: int = 64, image_channels: int = 3) -> None:
        super().__init__()
        self.image_channels = image_channels
        widths = [channels * 2**i for i in range(4)]
        self.first = nn.Conv2d(image_channels, channels, 3, 1, 1)
        self.down = nn.ModuleList(nn.Conv2d(a, 2 * a, 4, 2, 1, bias=False) for a in widths[:-1])
        self.up = nn.ModuleList(nn.Conv2d(2 * a, a, 3, 1, 1, bias=False) for a in reversed(widths[:-1]))
        self.refine = nn.ModuleList(nn.Conv2d(channels, channels, 3, 1, 1, bias=False) for _ in range(2))
        self.last = nn.Conv2d(channels, 1, 3, 1, 1)
        for layers in (self.down, self.up, self.refine):
            constrain(layers, spectral_norm)

    def forward(self, image: Tensor) -> Tensor:
        """Returns the logits ``(N, 1, H, W)`` of images ``(N, C, H, W)`` in [0, 1].

        Raises:
            UserError: the images are smaller than 8 pixels.
        """
        if min(image.shape[-2:]) < SMALLEST:
            raise UserError(
                f"UNetDiscriminator needs HR crops of at least {SMALLEST} px, found {tuple(image.shape[-2:])}: use "
                "larger crops."
            )
        maps = [_active(self.first(image))]
        for layer in self.down:
            maps.append(_active(layer(maps[-1])))
        x = maps.pop()
        for layer in self.up:
            skip = maps.pop()
            x = _active(layer(F.interpolate(x, size=skip.shape[-2:], mode="bilinear"))) + skip
        for layer in self.refine:
            x = _active(layer(x))
        return self.last(x).to(image.dtype)


def _active(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2)
