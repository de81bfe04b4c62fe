"""A translator: how synthetic LR images become real-looking ones, and what teaches it that."""

import math
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.models.losses.gan import discriminator_loss, generator_loss
from cyclesr.models.translators import Translation, Translator
from cyclesr.registry import MODELS, TRANSLATORS


class Blur(nn.Module):
    """One Gaussian kernel for all images and channels, of a height and a width that are learnt; it starts narrow.

    Args:
        side: of the kernel, odd.
    """

    places: Tensor

    def __init__(self, side: int) -> None:
        super().__init__()
        steps = torch.arange(side) - side // 2
        self.register_buffer("places", torch.cartesian_prod(steps, steps).float(), persistent=False)
        self.side = side
        self.log_sigmas = nn.Parameter(torch.full((2,), math.log(0.4)))  # vertical, horizontal; in LR pixels

    def kernel(self) -> Tensor:
        """``(side, side)``, positive and of sum 1."""
        distance = (self.places / self.log_sigmas.exp()).square().sum(dim=1)
        return (-distance / 2).softmax(dim=0).view(self.side, self.side)

    def forward(self, image: Tensor) -> Tensor:
        """``(N, 3, h, w)`` to the same size; the border is repeated."""
        padded = F.pad(image, [self.side // 2] * 4, mode="replicate")
        return F.conv2d(padded, self.kernel().expand(3, 1, -1, -1), groups=3)


@TRANSLATORS.register_module()
class LearntBlur(Translator):
    """One Gaussian blur, learnt from unpaired images by an adversarial loss alone (after Goodfellow et al. 2014).

    It is one-sided: there is no way from real to synthetic images, so that no cycle needs weights.

    Args:
        side: of the kernel, in LR pixels.
        channels: of the discriminator.
        adversarial_weight: of the adversarial loss.
    """

    TINY: ClassVar[dict[str, Any]] = dict(side=3, channels=4)

    def __init__(self, side: int = 7, channels: int = 32, adversarial_weight: float = 1.0) -> None:
        super().__init__()
        self.generators = nn.ModuleDict({"to_real": Blur(side)})
        judge = MODELS.build(dict(type="PatchDiscriminator", channels=channels, num_layers=1, high_pass=5))
        self.discriminators = nn.ModuleDict({"real": judge})
        self.adversarial_weight = adversarial_weight

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """``fake_real`` alone."""
        return Translation(self.generators["to_real"](syn))

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """What moves the kernel."""
        logits = self.discriminators["real"](t.fake_real)
        return {"loss_adv_real": self.adversarial_weight * generator_loss(logits, "lsgan")}

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """What moves the discriminator; the images are constants to it."""
        judge = self.discriminators["real"]
        return {"loss_disc_real": discriminator_loss(judge(real), judge(t.fake_real.detach()), "lsgan")}
