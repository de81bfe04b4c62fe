"""Two generators, two discriminators and two cycles: what DiscoGAN and DualGAN share."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from cyclesr.models.networks.hourglass import Hourglass
from cyclesr.models.translators.adversarial import build_discriminators
from cyclesr.models.translators.adversarial_translator import AdversarialTranslator
from cyclesr.models.translators.base import DirectionWeights, Translation, by_direction, one_or_both, present


class TwoCycles(AdversarialTranslator):
    """Adversarial losses in both directions and a distance between an image and the end of its cycle.

    Args:
        generator: config with ``type``, of each of the two generators.
        discriminator: config with ``type``, of each of the two discriminators.
        cycle_weight: weight of :meth:`distance`; one number, or ``dict(syn=, real=)``. A cycle of weight 0 is not
            computed.
        shared: see :class:`~cyclesr.models.translators.AdversarialTranslator`.
    """

    def __init__(
        self,
        generator: Mapping[str, Any],
        discriminator: Mapping[str, Any],
        *,
        cycle_weight: DirectionWeights,
        **shared: Any,
    ) -> None:
        super().__init__(**shared)
        self.generators = self.build_generators(generator, "to_real", "to_syn")
        self.discriminators = build_discriminators(discriminator["type"], discriminator)
        self.cycle_weight = by_direction("cycle_weight", cycle_weight)

    @abstractmethod
    def distance(self, rec: Tensor, image: Tensor) -> Tensor:
        """Returns what a cycle costs, a scalar without its weight."""

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Makes both directions, and the cycles that have a weight, in three passes.

        With ``free_noise``, ``quiet_real`` is ``fake_real`` without its noise.
        """
        to_real, to_syn = self.generators["to_real"], self.generators["to_syn"]
        fake_syn = to_syn(real)
        fake_real, rec_real = one_or_both(to_real, syn, fake_syn, bool(self.cycle_weight["real"]))
        rec_syn = to_syn(fake_real) if self.cycle_weight["syn"] else None
        return Translation(fake_real, fake_syn, rec_syn, rec_real, present(quiet_real=self.quiet_real(syn)))

    def expected(self, source: Tensor) -> Tensor:
        """Returns G1(source) ``(N, 3, h, w)`` with all noise channels 0 and without dropout."""
        to_real = self.generators["to_real"]
        if not isinstance(to_real, Hourglass):
            return super().expected(source)
        made: Tensor = to_real(source, noise_level=0.0, dropping=False)
        return made

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns the adversarial and the cycle term of each direction; cycles of weight 0 are absent."""
        losses = self.shared_losses(syn, real, t)
        images = dict(syn=syn, real=real)
        for key, rec in t.reconstructions().items():
            losses[f"loss_cycle_{key}"] = self.cycle_weight[key] * self.distance(rec, images[key])
        return losses
