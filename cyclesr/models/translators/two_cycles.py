"""Two generators, two discriminators and two cycles: what DiscoGAN and DualGAN share."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from cyclesr.models.losses.gan import GANMode, check_mode
from cyclesr.models.translators.adversarial import adversarial_losses, all_judge_losses, build_discriminators
from cyclesr.models.translators.base import (
    DirectionWeights,
    Translation,
    Translator,
    by_direction,
    check_free_noise,
    one_or_both,
)
from cyclesr.registry import MODELS


class TwoCycles(Translator):
    """Adversarial losses in both directions and a distance between an image and the end of its cycle.

    Args:
        generator, discriminator: configs with ``type``, of each of the two.
        residual, noise_channels, adversarial, adversarial_weight, cycle_weight, r1_weight, free_noise: as in
            :class:`~cyclesr.models.translators.CycleGAN`.
        halved: whether the discriminators' sum of the real and the fake term is halved.
    """

    def __init__(
        self,
        generator: Mapping[str, Any],
        discriminator: Mapping[str, Any],
        residual: bool,
        noise_channels: int,
        adversarial: GANMode,
        adversarial_weight: float,
        cycle_weight: DirectionWeights,
        r1_weight: float,
        free_noise: bool,
        halved: bool,
    ) -> None:
        super().__init__()
        check_mode(adversarial)
        check_free_noise(free_noise, noise_channels)
        noise = dict(to_real=noise_channels, to_syn=0)
        self.generators = nn.ModuleDict(
            {key: MODELS.build({**generator, "residual": residual, "noise_channels": noise[key]}) for key in noise}
        )
        self.discriminators = build_discriminators(discriminator["type"], discriminator)
        self.adversarial: GANMode = adversarial
        self.adversarial_weight = adversarial_weight
        self.cycle_weight = by_direction("cycle_weight", cycle_weight)
        self.r1_weight = r1_weight
        self.free_noise = free_noise
        self.halved = halved

    @abstractmethod
    def distance(self, rec: Tensor, image: Tensor) -> Tensor:
        """What a cycle costs, without its weight."""

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Both directions, and the cycles that have a weight, in three passes.

        With ``free_noise``, ``quiet_real`` is ``fake_real`` less its noise.
        """
        to_real, to_syn = self.generators["to_real"], self.generators["to_syn"]
        fake_syn = to_syn(real)
        fake_real, rec_real = one_or_both(to_real, syn, fake_syn, bool(self.cycle_weight["real"]))
        rec_syn = to_syn(fake_real) if self.cycle_weight["syn"] else None
        extra = dict(quiet_real=to_real(syn, noise_level=0.0)) if self.free_noise else {}
        return Translation(fake_real, fake_syn, rec_syn, rec_real, extra)

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """The adversarial and the cycle term of each direction; cycles of weight 0 are absent."""
        losses = adversarial_losses(self.discriminators, t.fakes(), self.adversarial, self.adversarial_weight)
        images = dict(syn=syn, real=real)
        for key, rec in t.reconstructions().items():
            losses[f"loss_cycle_{key}"] = self.cycle_weight[key] * self.distance(rec, images[key])
        return losses

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """The real and the fake term of each discriminator, and the penalties that have a weight."""
        images = dict(syn=syn, real=real)
        return all_judge_losses(
            self.discriminators, images, t.fakes(), self.adversarial, self.r1_weight, halved=self.halved
        )
