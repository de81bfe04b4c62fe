"""The inner cycle of CinCGAN (Yuan et al., CVPRW 2018), https://arxiv.org/abs/1809.00437, as the translator."""

from typing import Any, ClassVar, Literal

import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.losses.gan import GANMode, check_mode
from cyclesr.models.losses.total_variation import total_variation
from cyclesr.models.translators.adversarial import adversarial_losses, all_judge_losses, build_discriminators
from cyclesr.models.translators.base import (
    Translation,
    Translator,
    batched,
    check_free_noise,
    one_or_both,
    present,
    with_defaults,
)
from cyclesr.registry import MODELS, TRANSLATORS

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
OTHER = {"syn": "real", "real": "syn"}


@TRANSLATORS.register_module()
class CinCGAN(Translator):
    """One cycle there and back, judged at its turning point alone; identity and total variation besides.

    CinCGAN's inner cycle goes from real LR images to clean ones and back, and its outer cycle, to HR, is the SR
    network's part here. By default the inner cycle is reversed, so that what is judged is ``fake_real``:
    ``syn -> fake_real -> rec_syn``. Its own order, ``real -> fake_syn -> rec_real``, is ``start="real"``: G1 then
    learns to undo G2, from the cycle and the feedback, and no discriminator sees ``fake_real``.

    Args:
        generator: arguments of :class:`~cyclesr.models.networks.FlatGenerator`, by default CinCGAN's, or of the
            ``type`` it names; for both directions.
        discriminator: arguments of :class:`~cyclesr.models.networks.PlainDiscriminator`, by default CinCGAN's, or of
            the ``type`` it names.
        start: the domain where the cycle starts and ends, ``syn`` or ``real``.
        residual: both generators predict the difference to their input, zero at the start.
        noise_channels: channels of fresh N(0, 1) noise beside the input of ``to_real`` alone.
        adversarial: ``lsgan``, ``vanilla``, ``hinge`` or ``wgan-gp``.
        adversarial_weight: of the generator's adversarial loss; the discriminator's own loss is not scaled by it.
        cycle_weight: of the mean squared error between an image and the end of its cycle.
        identity_weight: of L1 between an image of the judged domain and what the judged generator makes of it; at 0 it
            is not computed.
        tv_weight: of the total variation of the judged image. It smooths: reversed, it works against noise.
        r1_weight: half of it times the R1 penalty on real images is added to the discriminator's loss.
        free_noise: feedback does not pull at the noise, see :class:`~cyclesr.models.translators.CycleGAN`.

    Differs from the paper: the order of the cycle, by default. Images are in [0, 1]: a squared error of weight 10
    counts as 2.5 would in [-1, 1], an L1 of weight 5 as 2.5. Total variation is a mean of absolute differences. The
    last convolutions of the generators end in tanh; the discriminator's convolutions are padded, but for the last.

    Raises:
        UserError: another start.
    """

    TINY: ClassVar[dict[str, Any]] = dict(
        generator=dict(channels=8, num_blocks=1, num_layers=1), discriminator=dict(channels=8, num_layers=2)
    )

    def __init__(
        self,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        start: Literal["syn", "real"] = "syn",
        residual: bool = False,
        noise_channels: int = 0,
        adversarial: GANMode = "lsgan",
        adversarial_weight: float = 1.0,
        cycle_weight: float = 10.0,
        identity_weight: float = 5.0,
        tv_weight: float = 0.5,
        r1_weight: float = 0.0,
        free_noise: bool = False,
    ) -> None:
        super().__init__()
        check_mode(adversarial)
        check_free_noise(free_noise, noise_channels)
        if start not in OTHER:
            raise UserError(f"start must be syn or real, found {start!r}.")
        self.start = start
        self.judged = OTHER[start]
        noise = dict(to_real=noise_channels, to_syn=0)
        config = {**with_defaults(GENERATOR, generator), "residual": residual}
        self.generators = nn.ModuleDict({k: MODELS.build({**config, "noise_channels": noise[k]}) for k in noise})
        judge = with_defaults(JUDGE, discriminator)
        self.discriminators = build_discriminators(judge["type"], judge, [self.judged])
        self.adversarial: GANMode = adversarial
        self.adversarial_weight = adversarial_weight
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.tv_weight = tv_weight
        self.r1_weight = r1_weight
        self.free_noise = free_noise

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """The cycle, and the identity image ``same`` where weighted; ``fake_real`` in any case.

        With ``free_noise``, ``quiet_real`` is ``fake_real`` less its noise.
        """
        there, back = (self.generators[f"to_{domain}"] for domain in (self.judged, self.start))
        images = dict(syn=syn, real=real)
        first, same = one_or_both(there, images[self.start], images[self.judged], bool(self.identity_weight))
        quiet_real = self.generators["to_real"](syn, noise_level=0.0) if self.free_noise else None
        extra = present(**{f"same_{self.judged}": same}, quiet_real=quiet_real)
        if self.start == "syn":
            return Translation(first, rec_syn=back(first), extra=extra)
        rec_real, fake_real = batched(back, (first,), (syn,))
        return Translation(fake_real, first, rec_real=rec_real, extra=extra)

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """The adversarial, the cycle, the identity and the total variation term."""
        images, judged = dict(syn=syn, real=real), self.judged
        fake = {judged: t.fakes()[judged]}
        losses = adversarial_losses(self.discriminators, fake, self.adversarial, self.adversarial_weight)
        cycle = F.mse_loss(t.reconstructions()[self.start], images[self.start])
        losses[f"loss_cycle_{self.start}"] = self.cycle_weight * cycle
        if self.identity_weight:
            same = F.l1_loss(t.extra[f"same_{judged}"], images[judged])
            losses[f"loss_identity_{judged}"] = self.identity_weight * same
        if self.tv_weight:
            losses[f"loss_tv_{judged}"] = self.tv_weight * total_variation(fake[judged])
        return losses

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """The sum of the real and the fake term, and R1 where weighted."""
        images, fake = dict(syn=syn, real=real), {self.judged: t.fakes()[self.judged]}
        return all_judge_losses(self.discriminators, images, fake, self.adversarial, self.r1_weight)
