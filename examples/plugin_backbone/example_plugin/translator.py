"""A translator: how synthetic LR images become real-looking ones, and what teaches it that."""

import math
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.losses.gan import discriminator_loss, generator_loss
from cyclesr.models.translators import Translation, Translator
from cyclesr.registry import MODELS, TRANSLATORS


class Blur(nn.Module):
    """One Gaussian kernel for all images and channels, whose height and width are learnt; it starts narrow.

    Args:
        side: odd side of the kernel.
    """

    places: Tensor

    def __init__(self, side: int) -> None:
        super().__init__()
        steps = torch.arange(side) - side // 2
        self.register_buffer("places", torch.cartesian_prod(steps, steps).float(), persistent=False)
        self.side = side
        self.log_sigmas = nn.Parameter(torch.full((2,), math.log(0.4)))  # vertical, horizontal; in LR pixels

    def kernel(self) -> Tensor:
        """Returns the kernel ``(side, side)``, positive and with sum 1."""
        distance = (self.places / self.log_sigmas.exp()).square().sum(dim=1)
        return (-distance / 2).softmax(dim=0).view(self.side, self.side)

    def forward(self, image: Tensor) -> Tensor:
        """Blurs ``(N, 3, h, w)``; the border is repeated."""
        padded = F.pad(image, [self.side // 2] * 4, mode="replicate")
        return F.conv2d(padded, self.kernel().expand(3, 1, -1, -1), groups=3)


@TRANSLATORS.register_module()
class LearntBlur(Translator):
    """One Gaussian blur, learnt from unpaired images by an adversarial loss.

    It is one-sided: nothing translates real images to synthetic ones, so that there is no cycle.

    Args:
        side: side of the kernel, in LR pixels.
        channels: number of channels of the discriminator.
        adversarial_weight: weight of the adversarial loss.
    """

    PAPER: ClassVar[Paper] = Paper("Goodfellow et al. 2014", "https://arxiv.org/abs/1406.2661")
    TINY: ClassVar[dict[str, Any]] = dict(side=3, channels=4)

    def __init__(self, side: int = 7, channels: int = 32, adversarial_weight: float = 1.0) -> None:
        super().__init__()
        self.generators = nn.ModuleDict({"to_real": Blur(side)})
        judge = MODELS.build(dict(type="PatchDiscriminator", channels=channels, num_layers=1, high_pass=5))
        self.discriminators = nn.ModuleDict({"real": judge})
        self.adversarial_weight = adversarial_weight

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Makes ``fake_real``."""
        return Translation(self.generators["to_real"](syn))

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns the loss that moves the kernel."""
        logits = self.discriminators["real"](t.fake_real)
        return {"loss_adv_real": self.adversarial_weight * generator_loss(logits, "lsgan")}

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns the loss that moves the discriminator; the images are constants."""
        judge = self.discriminators["real"]
        return {"loss_disc_real": discriminator_loss(judge(real), judge(t.fake_real.detach()), "lsgan")}
