"""The adversarial loss on HR images, the second term of Eq. (3), with its discriminator D_h."""

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor, nn

from cyclesr.errors import UserError, did_you_mean
from cyclesr.models.losses.gan import (
    GAN_MODES,
    GANMode,
    Logits,
    generator_loss,
    relativistic_discriminator_loss,
    relativistic_generator_loss,
)
from cyclesr.models.translators.adversarial import discriminator_losses
from cyclesr.registry import MODELS

MODES = ("ragan", *GAN_MODES)


@MODELS.register_module()
class SRAdversarial(nn.Module):
    r""":math:`L_{adv}` of Eq. (3), for the SR network and for :math:`D_h`.

    Args:
        discriminator: :math:`D_h`, arguments of :class:`~cyclesr.models.networks.VGGDiscriminator` or of the ``type``
            that they name.
        weight: :math:`\lambda_{adv}`, by default ESRGAN's; the discriminator's own loss is not scaled by it.
        mode: ``ragan``, the relativistic average GAN (the paper), or a mode of
            :func:`~cyclesr.models.losses.gan.generator_loss`.

    Raises:
        UserError: an unknown mode.

    Differs from ESRGAN's paper: with ``ragan``, both losses are half the sum of their terms, as in ESRGAN's released
    code, for which the weight was chosen.
    """

    def __init__(
        self,
        discriminator: dict[str, Any] | None = None,
        weight: float = 5e-3,
        mode: Literal["ragan"] | GANMode = "ragan",
    ) -> None:
        super().__init__()
        if mode not in MODES:
            raise UserError(
                f"sr_adversarial.mode must be one of {', '.join(MODES)}, found {mode!r}.{did_you_mean(mode, MODES)}"
            )
        self.discriminator = MODELS.build({"type": "VGGDiscriminator", **(discriminator or {})})
        self.weight = weight
        self.mode: Literal["ragan"] | GANMode = mode

    def generator_loss(self, sr: Tensor, hr: Tensor) -> Tensor:
        """Returns what the SR network minimises, weighted; images are ``(N, 3, H, W)`` in [0, 1]."""
        fake = self.discriminator(sr)
        if self.mode != "ragan":
            return self.weight * generator_loss(fake, self.mode)
        with torch.no_grad():  # no weight of the SR network is behind it
            real = self.discriminator(hr)
        return self.weight * _half_of_scales(relativistic_generator_loss, real, fake)

    def discriminator_losses(self, sr: Tensor, hr: Tensor) -> dict[str, Tensor]:
        """Returns what :math:`D_h` minimises, under keys ``loss_sr_*``; both images are taken as constants."""
        if self.mode != "ragan":
            terms = discriminator_losses(self.discriminator, hr, sr, self.mode, 0.0)
            return {f"loss_sr_{name}": term for name, term in terms.items()}
        real, fake = self.discriminator(hr.detach()), self.discriminator(sr.detach())
        return {"loss_sr_disc": _half_of_scales(relativistic_discriminator_loss, real, fake)}


def _half_of_scales(loss: Callable[[Tensor, Tensor], Tensor], real: Logits, fake: Logits) -> Tensor:
    """Returns half the loss, summed over a discriminator's scales."""
    scales = ([logits] if isinstance(logits, Tensor) else logits for logits in (real, fake))
    return 0.5 * torch.stack([loss(r, f) for r, f in zip(*scales, strict=True)]).sum()
