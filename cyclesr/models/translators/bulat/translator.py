"""Bulat et al. (ECCV 2018), https://arxiv.org/abs/1807.11458: the degradation learnt from HR, in one direction."""

from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.models.losses.gan import GANMode, check_mode
from cyclesr.models.translators.adversarial import adversarial_losses, all_judge_losses, build_discriminators
from cyclesr.models.translators.base import Translation, Translator, check_free_noise
from cyclesr.models.translators.image_pool import ImagePool
from cyclesr.registry import MODELS, TRANSLATORS


@TRANSLATORS.register_module()
class Bulat(Translator):
    """HR and noise to real-looking LR; an adversarial loss against ``real``, a pixel loss to ``syn``, no way back.

    The high-to-low network of the rows ``Bulat et al.`` and ``*Bulat et al.`` of Table 1. The low-to-high network is
    the SR network of the model: trained after it (stages ``translation``, ``sr_on_fake``) in the first row, together
    with it (``joint``) in the second.

    Args:
        scale: between LR and HR.
        generator: arguments of :class:`~cyclesr.models.translators.bulat.HighToLow`, or of the ``type`` it names.
        discriminator: arguments of :class:`~cyclesr.models.networks.PatchDiscriminator`, or of the ``type`` it names.
        residual: G1 predicts the difference to the bicubic LR, zero at the start.
        noise_channels: channels of fresh N(0, 1) noise beside what G1 sees.
        adversarial: ``lsgan``, ``vanilla``, ``hinge`` or ``wgan-gp``.
        adversarial_weight: of G1's adversarial loss; the discriminator's own loss is not scaled by it.
        pixel_weight: of the MSE between ``fake_real`` and ``syn``, on images in [0, 1]. The adversarial loss is meant
            to be the stronger one (Sec. 2: the pixel loss "is used to speed up convergence").
        pool_size: fakes of past steps to show to the discriminator; 0 shows the present ones alone.
        r1_weight: half of it times the R1 penalty on real images is added to the discriminator's loss.
        free_noise: feedback does not pull at the noise, see :class:`~cyclesr.models.translators.CycleGAN`.

    Differs from the paper: it tuned the weights and does not give them; the default pixel weight is this project's
    choice. Differs from Bulat et al.: the networks and the adversarial loss are CycleGAN's, as in the paper's
    reimplementation (Sec. 4.2).
    """

    TINY: ClassVar[dict[str, Any]] = dict(
        scale=4, generator=dict(channels=4, num_blocks=1), discriminator=dict(channels=8, num_layers=1)
    )
    from_hr: ClassVar[bool] = True

    def __init__(
        self,
        scale: int,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        residual: bool = False,
        noise_channels: int = 1,
        adversarial: GANMode = "lsgan",
        adversarial_weight: float = 1.0,
        pixel_weight: float = 20.0,
        pool_size: int = 50,
        r1_weight: float = 0.0,
        free_noise: bool = False,
    ) -> None:
        super().__init__()
        check_mode(adversarial)
        check_free_noise(free_noise, noise_channels)
        own = dict(scale=scale, residual=residual, noise_channels=noise_channels)
        self.generators = nn.ModuleDict({"to_real": MODELS.build({"type": "HighToLow", **(generator or {}), **own})})
        self.discriminators = build_discriminators("PatchDiscriminator", discriminator, ["real"])
        self.pool = ImagePool(pool_size)
        self.adversarial: GANMode = adversarial
        self.adversarial_weight = adversarial_weight
        self.pixel_weight = pixel_weight
        self.r1_weight = r1_weight
        self.free_noise = free_noise

    def translate(self, hr: Tensor, real: Tensor) -> Translation:
        """``fake_real`` of ``hr``; with ``free_noise``, ``quiet_real`` is the same less its noise."""
        to_real = self.generators["to_real"]
        extra = dict(quiet_real=to_real(hr, noise_level=0.0)) if self.free_noise else {}
        return Translation(to_real(hr), extra=extra)

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """The adversarial term, and the pixel term between ``fake_real`` and ``syn``."""
        losses = adversarial_losses(self.discriminators, t.fakes(), self.adversarial, self.adversarial_weight)
        if self.pixel_weight:
            losses["loss_pixel_real"] = self.pixel_weight * F.mse_loss(t.fake_real, syn)
        return losses

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Half the sum of the real and the fake term, as in CycleGAN, and R1 where weighted."""
        images, shown = dict(real=real), dict(real=self.pool(t.fake_real.detach()))
        return all_judge_losses(self.discriminators, images, shown, self.adversarial, self.r1_weight, halved=True)

    def degrade(self, hr: Tensor) -> Tensor:
        """G1 for inference: ``fake_real`` ``(N, 3, h, w)`` of ``hr`` ``(N, 3, s*h, s*w)``, with fresh noise."""
        return self.generators["to_real"](hr)
