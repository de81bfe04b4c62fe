"""A translator: how synthetic LR images become real-looking ones, and what teaches it that."""

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.models.losses.gan import discriminator_loss, generator_loss
from cyclesr.models.translators import Translation, Translator
from cyclesr.registry import MODELS, TRANSLATORS


class Blur(nn.Module):
    """One kernel for all images and channels; its weights are positive and of sum 1, and start as the identity.

    Args:
        side: of the kernel, odd.
    """

    def __init__(self, side: int) -> None:
        super().__init__()
        logits = torch.zeros(side * side)
        logits[side * side // 2] = 6.0
        self.side = side
        self.logits = nn.Parameter(logits)

    def kernel(self) -> Tensor:
        """``(side, side)``."""
        return self.logits.softmax(dim=0).view(self.side, self.side)

    def forward(self, image: Tensor) -> Tensor:
        """``(N, 3, h, w)`` to the same size; the border is repeated."""
        padded = F.pad(image, [self.side // 2] * 4, mode="replicate")
        return F.conv2d(padded, self.kernel().expand(3, 1, -1, -1), groups=3)


@TRANSLATORS.register_module()
class LearntBlur(Translator):
    """One blur kernel, learnt from unpaired images by an adversarial loss alone (after Goodfellow et al. 2014).

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
        judge = MODELS.build(dict(type="PatchDiscriminator", channels=channels, num_layers=1))
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
