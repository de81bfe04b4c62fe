"""Patch discriminators."""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from cyclesr.models.networks.generators import NORMS, init_normal


class PatchDiscriminator(nn.Module):
    """PatchGAN of CycleGAN and pix2pix: 4x4 convolutions, one logit a patch; a 70x70 field of view by default.

    Args:
        channels: after the first convolution; doubled by each further one, at most 8-fold.
        num_layers: stride-2 convolutions, 3 in CycleGAN; a stride-1 one and the output convolution follow.
        norm: ``instance`` (CycleGAN), ``batch``, ``none`` or ``spectral``.
        high_pass: side of the mean filter that is taken off the image first (odd; 5 in DSGAN,
            https://arxiv.org/abs/1911.07850): a degradation shows in the high frequencies, and content and colour,
            which differ between unpaired images, are hidden from the discriminator. 0 looks at the whole image.

    Images are in [0, 1] outside and [-1, 1] inside.
    """

    def __init__(
        self,
        channels: int = 64,
        num_layers: int = 3,
        norm: Literal["instance", "batch", "none", "spectral"] = "instance",
        high_pass: int = 0,
    ) -> None:
        super().__init__()
        self.high_pass = high_pass
        widths = [channels * min(2**i, 8) for i in range(num_layers + 1)]
        layers: list[nn.Module] = [nn.Conv2d(3, channels, 4, stride=2, padding=1), nn.LeakyReLU(0.2, inplace=True)]
        for i, (inputs, outputs) in enumerate(zip(widths, widths[1:], strict=False)):
            stride = 2 if i < num_layers - 1 else 1
            layers.append(nn.Conv2d(inputs, outputs, 4, stride=stride, padding=1))
            if norm in NORMS:
                layers.append(NORMS[norm](outputs))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
        layers.append(nn.Conv2d(widths[-1], 1, 4, padding=1))
        self.body = nn.Sequential(*layers).apply(init_normal)
        if norm == "spectral":
            for layer in self.body:
                if isinstance(layer, nn.Conv2d):
                    spectral_norm(layer)

    def forward(self, image: Tensor) -> Tensor:
        """``(N, 3, h, w)`` to logits ``(N, 1, h', w')``."""
        if self.high_pass:
            return self.body(2 * high_frequencies(image, self.high_pass))
        return self.body(2 * image - 1)


def high_frequencies(image: Tensor, side: int) -> Tensor:
    """The image less its local mean over ``side`` x ``side`` pixels, borders mirrored."""
    padded = F.pad(image, (side // 2,) * 4, mode="reflect")
    return image - F.avg_pool2d(padded, side, stride=1)
