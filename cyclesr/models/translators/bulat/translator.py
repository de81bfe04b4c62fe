"""Bulat et al. (ECCV 2018): the degradation is learnt from HR, in one direction."""

from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor

from cyclesr.descriptions import Paper
from cyclesr.models.translators.adversarial import build_discriminators
from cyclesr.models.translators.adversarial_translator import AdversarialTranslator
from cyclesr.models.translators.base import Translation, present
from cyclesr.models.translators.image_pool import ImagePool
from cyclesr.registry import TRANSLATORS


@TRANSLATORS.register_module()
class Bulat(AdversarialTranslator):
    """HR and noise to real-looking LR; an adversarial loss against ``real``, a pixel loss to ``syn``, no way back.

    The high-to-low network of the rows ``Bulat et al.`` and ``*Bulat et al.`` of Table 1. The low-to-high network is
    the SR network of the model: it trains after the high-to-low network (stages ``translation``, ``sr_on_fake``) in
    the first row, and together with it (``joint``) in the second.

    Args:
        scale: ratio of HR to LR.
        generator: arguments of :class:`~cyclesr.models.translators.bulat.HighToLow`, or of the ``type`` it names. With
            ``residual``, G1 predicts the difference to the bicubic LR.
        discriminator: arguments of :class:`~cyclesr.models.networks.PatchDiscriminator`, or of the ``type`` it names.
        pixel_weight: weight of the MSE between ``fake_real`` and ``syn``, on images in [0, 1]. The adversarial loss is
            meant to be the stronger one (Sec. 2: the pixel loss "is used to speed up convergence").
        pool_size: number of past fakes that are kept to be shown to the discriminator; 0 shows only the present ones.
        noise_channels: channels of fresh N(0, 1) noise that G1 takes in addition to the image.
        shared: see :class:`~cyclesr.models.translators.AdversarialTranslator`.

    Differs from the paper: it tuned the weights and does not give them; the default pixel weight is this project's
    choice. Differs from Bulat et al.: the networks and the adversarial loss are CycleGAN's, as in the paper's
    reimplementation (Sec. 4.2).
    """

    PAPER: ClassVar[Paper] = Paper("Bulat et al., ECCV 2018", "https://arxiv.org/abs/1807.11458")
    TINY: ClassVar[dict[str, Any]] = dict(
        scale=4, generator=dict(channels=4, num_blocks=1), discriminator=dict(channels=8, num_layers=1)
    )
    from_hr: ClassVar[bool] = True
    halved: ClassVar[bool] = True

    def __init__(
        self,
        scale: int,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        *,
        pixel_weight: float = 20.0,
        pool_size: int = 50,
        noise_channels: int = 1,
        **shared: Any,
    ) -> None:
        super().__init__(noise_channels=noise_channels, **shared)
        self.generators = self.build_generators({"type": "HighToLow", **(generator or {}), "scale": scale}, "to_real")
        self.discriminators = build_discriminators("PatchDiscriminator", discriminator, ["real"])
        self.pool = ImagePool(pool_size)
        self.pixel_weight = pixel_weight

    def translate(self, hr: Tensor, real: Tensor) -> Translation:
        """Makes ``fake_real`` of ``hr``; with ``free_noise``, ``quiet_real`` is the same without its noise."""
        extra = present(quiet_real=self.quiet_real(hr))
        return Translation(self.generators["to_real"](hr), extra=extra)

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns the adversarial term, and the pixel term between ``fake_real`` and ``syn``."""
        losses = self.shared_losses(syn, real, t)
        if self.pixel_weight:
            losses["loss_pixel_real"] = self.pixel_weight * F.mse_loss(t.fake_real, syn)
        return losses

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns the discriminator's terms, for fakes from the pool."""
        shown = dict(real=self.pool(t.fake_real.detach()))
        return self.adversarial.discriminator_losses(self.discriminators, dict(real=real), shown)

    def degrade(self, hr: Tensor) -> Tensor:
        """Returns G1(hr) ``(N, 3, h, w)`` of ``hr`` ``(N, 3, s*h, s*w)`` for inference, with fresh noise."""
        return self.generators["to_real"](hr)
