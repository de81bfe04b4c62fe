"""The inner cycle of CinCGAN (Yuan et al., CVPRW 2018) as the translator."""

from typing import Any, ClassVar, Literal

import torch.nn.functional as F
from torch import Tensor

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError
from cyclesr.models.losses.total_variation import total_variation
from cyclesr.models.translators.adversarial import build_discriminators
from cyclesr.models.translators.adversarial_translator import AdversarialTranslator
from cyclesr.models.translators.base import Translation, batched, one_or_both, present, with_defaults
from cyclesr.registry import TRANSLATORS

GENERATOR = dict(
    type="FlatGenerator",
    num_blocks=6,
    num_layers=2,
    head_kernel=7,
    tail_kernel=7,
    norm="batch",
    activation="leaky",
    init="normal",
)
JUDGE = dict(type="PlainDiscriminator", num_layers=4, kernel=4, stride=1, tail_kernel=4)
OTHER_DOMAIN = {"syn": "real", "real": "syn"}


@TRANSLATORS.register_module()
class CinCGAN(AdversarialTranslator):
    """One cycle there and back, judged only at its turning point; also identity and total variation.

    CinCGAN's inner cycle goes from real LR images to clean ones and back; its outer cycle, to HR, is the SR network's
    part here. By default the inner cycle is reversed, ``syn -> fake_real -> rec_syn``, so that ``fake_real`` is judged.
    ``start="real"`` is the paper's order, ``real -> fake_syn -> rec_real``: G1 then learns to undo G2, from the cycle
    and the feedback, and no discriminator sees ``fake_real``.

    Args:
        generator: arguments of :class:`~cyclesr.models.networks.FlatGenerator`, by default CinCGAN's, or of the
            ``type`` it names; for both directions.
        discriminator: arguments of :class:`~cyclesr.models.networks.PlainDiscriminator`, by default CinCGAN's, or of
            the ``type`` it names.
        start: domain where the cycle starts and ends, ``syn`` or ``real``.
        cycle_weight: weight of the mean squared error between an image and the end of its cycle.
        identity_weight: weight of L1 between an image of the judged domain and what the judged generator makes of it;
            with 0 it is not computed.
        tv_weight: weight of the total variation of the judged image. It smooths: in the reversed order it works against
            noise.
        shared: see :class:`~cyclesr.models.translators.AdversarialTranslator`.

    Differs from the paper: the order of the cycle, by default. Images are in [0, 1]: a squared error of weight 10
    counts as 2.5 would in [-1, 1], an L1 of weight 5 as 2.5. Total variation is a mean of absolute differences. The
    last convolutions of the generators end in tanh; all convolutions of the discriminator but the last are padded.

    Raises:
        UserError: another start.
    """

    PAPER: ClassVar[Paper] = Paper("Yuan et al., CVPRW 2018", "https://arxiv.org/abs/1809.00437")
    TINY: ClassVar[dict[str, Any]] = dict(
        generator=dict(channels=8, num_blocks=1, num_layers=1), discriminator=dict(channels=8, num_layers=2)
    )

    def __init__(
        self,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        *,
        start: Literal["syn", "real"] = "syn",
        cycle_weight: float = 10.0,
        identity_weight: float = 5.0,
        tv_weight: float = 0.5,
        **shared: Any,
    ) -> None:
        super().__init__(**shared)
        if start not in OTHER_DOMAIN:
            raise UserError(f"start must be syn or real, found {start!r}.")
        self.start = start
        self.judged = OTHER_DOMAIN[start]
        self.generators = self.build_generators(with_defaults(GENERATOR, generator), "to_real", "to_syn")
        judge = with_defaults(JUDGE, discriminator)
        self.discriminators = build_discriminators(judge["type"], judge, [self.judged])
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.tv_weight = tv_weight

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Makes the cycle, the identity image ``same_*`` if weighted, and in any case ``fake_real``.

        With ``free_noise``, ``quiet_real`` is ``fake_real`` without its noise.
        """
        there, back = (self.generators[f"to_{domain}"] for domain in (self.judged, self.start))
        images = dict(syn=syn, real=real)
        first, same = one_or_both(there, images[self.start], images[self.judged], bool(self.identity_weight))
        extra = present(**{f"same_{self.judged}": same}, quiet_real=self.quiet_real(syn))
        if self.start == "syn":
            return Translation(first, rec_syn=back(first), extra=extra)
        rec_real, fake_real = batched(back, (first,), (syn,))
        return Translation(fake_real, first, rec_real=rec_real, extra=extra)

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns the adversarial, cycle, identity and total variation terms."""
        images, judged = dict(syn=syn, real=real), self.judged
        fake = {judged: t.fakes()[judged]}
        losses = self.shared_losses(syn, real, t, fake)
        cycle = F.mse_loss(t.reconstructions()[self.start], images[self.start])
        losses[f"loss_cycle_{self.start}"] = self.cycle_weight * cycle
        if self.identity_weight:
            same = F.l1_loss(t.extra[f"same_{judged}"], images[judged])
            losses[f"loss_identity_{judged}"] = self.identity_weight * same
        if self.tv_weight:
            losses[f"loss_tv_{judged}"] = self.tv_weight * total_variation(fake[judged])
        return losses

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns the terms of the discriminator of the judged domain."""
        fake = {self.judged: t.fakes()[self.judged]}
        return self.adversarial.discriminator_losses(self.discriminators, dict(syn=syn, real=real), fake)
