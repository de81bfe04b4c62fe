"""DSGAN (Fritsche et al., ICCVW 2019): high frequencies are learnt, low frequencies stay."""

from typing import Any, ClassVar

from torch import Tensor

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError
from cyclesr.models.losses.gan import GANMode
from cyclesr.models.losses.pixel import low_pass_l1
from cyclesr.models.translators.adversarial import build_discriminators
from cyclesr.models.translators.adversarial_translator import AdversarialTranslator
from cyclesr.models.translators.base import Translation, present, with_defaults
from cyclesr.registry import LOSSES, TRANSLATORS

JUDGE = dict(type="PlainDiscriminator", num_layers=3, kernel=5, stride=1, tail_kernel=1, init="default")


@TRANSLATORS.register_module()
class DSGAN(AdversarialTranslator):
    """One direction: an adversarial loss on high frequencies, a colour loss that holds the low ones to ``syn``.

    Args:
        generator: arguments of :class:`~cyclesr.models.networks.FlatGenerator`, or of the ``type`` it names.
        discriminator: arguments of :class:`~cyclesr.models.networks.PlainDiscriminator`, by default DSGAN's, or of the
            ``type`` it names, which must take ``high_pass``.
        window: odd side of the box, in pixels, whose mean is the low frequencies: the discriminator sees what the mean
            leaves over, the colour loss compares the mean.
        colour_weight: weight of L1 between the means of ``fake_real`` and ``syn`` over the window.
        perceptual: a config of ``LOSSES`` for ``fake_real`` and ``syn``; the paper's is
            ``dict(type="LPIPSLoss", weight=0.01)``. None leaves it out, because it needs a pretrained network.
        adversarial: the mode, see :class:`~cyclesr.models.translators.AdversarialTranslator`.
        adversarial_weight: weight of G1's adversarial loss.
        shared: see :class:`~cyclesr.models.translators.AdversarialTranslator`.

    Differs from the paper: no perceptual loss by default. Means are taken over whole windows only, where the paper's
    code has smaller ones at the borders. The discriminator sees high frequencies of images in [-1, 1].

    Raises:
        UserError: the discriminator has a ``high_pass`` of its own.
    """

    PAPER: ClassVar[Paper] = Paper("Fritsche et al., ICCVW 2019", "https://arxiv.org/abs/1911.07850")
    TINY: ClassVar[dict[str, Any]] = dict(
        generator=dict(channels=8, num_blocks=1), discriminator=dict(channels=8, num_layers=2)
    )

    any_channels: ClassVar[bool] = True

    def __init__(
        self,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        *,
        window: int = 5,
        colour_weight: float = 1.0,
        perceptual: dict[str, Any] | None = None,
        adversarial: GANMode = "vanilla",
        adversarial_weight: float = 0.005,
        **shared: Any,
    ) -> None:
        super().__init__(adversarial=adversarial, adversarial_weight=adversarial_weight, **shared)
        if "high_pass" in (discriminator or {}):
            raise UserError("DSGAN splits the frequencies of both losses at one place: set window, not high_pass.")
        self.generators = self.build_generators({"type": "FlatGenerator", **(generator or {})}, "to_real")
        judge = {**with_defaults(JUDGE, discriminator), "high_pass": window}
        self.discriminators = build_discriminators(judge["type"], judge, ["real"], self.image_channels)
        self.window = window
        self.colour_weight = colour_weight
        self.perceptual = LOSSES.build(perceptual) if perceptual else None

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Makes ``fake_real``; with ``free_noise``, ``quiet_real`` is the same without its noise."""
        extra = present(quiet_real=self.quiet_real(syn))
        return Translation(self.generators["to_real"](syn), extra=extra)

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns the adversarial ("texture") and the colour term, and the perceptual one if there is one."""
        losses = self.shared_losses(syn, real, t)
        losses["loss_colour_real"] = self.colour_weight * low_pass_l1(t.fake_real, syn, self.window)
        if self.perceptual is not None:
            losses["loss_perceptual_real"] = self.perceptual(t.fake_real, syn)
        return losses
