"""CycleGAN (Zhu et al., ICCV 2017) as the translator of Eq. (2)."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.losses.pixel import low_pass_l1
from cyclesr.models.translators.adversarial import build_discriminators
from cyclesr.models.translators.adversarial_translator import AdversarialTranslator
from cyclesr.models.translators.base import DirectionWeights, Translation, by_direction, one_or_both, present
from cyclesr.models.translators.image_pool import ImagePool
from cyclesr.registry import TRANSLATORS


@TRANSLATORS.register_module()
class CycleGAN(AdversarialTranslator):
    """Two generators, two discriminators; adversarial, cycle and identity losses.

    Args:
        generator: arguments of :class:`~cyclesr.models.networks.ResNetGenerator`, or of the ``type`` it names.
        discriminator: arguments of :class:`~cyclesr.models.networks.PatchDiscriminator`, or of the ``type`` it names.
        cycle_weight: weight of L1(rec_syn, syn) and L1(rec_real, real), on images in [0, 1]; one number, or
            ``dict(syn=, real=)``. With ``noise_channels``, ``rec_real`` has fresh noise too, so that L1 on ``real``
            asks G1 to repeat noise that it cannot know. It then makes less noise, or hides noise in ``fake_syn``.
            ``real=0`` leaves that term out; ``real_low_pass`` keeps the noise out of it.
        identity_weight: weight of L1(G2(syn), syn) and L1(G1(real), real), given likewise; with 0 they are not
            computed.
        pool_size: number of past fakes that are kept to be shown to each discriminator; 0 shows only the present ones.
        real_low_pass: the L1 losses on ``real`` images (cycle and identity) compare means over squares of this side;
            0 compares pixels.
        shared: see :class:`~cyclesr.models.translators.AdversarialTranslator`.

    Differs from CycleGAN: images, hence the L1 losses, are in [0, 1] (the range of the paper's weights), where an L1
    of 10 counts as 5 would in [-1, 1].
    """

    PAPER: ClassVar[Paper] = Paper("Zhu et al., ICCV 2017", "https://arxiv.org/abs/1703.10593")
    TINY: ClassVar[dict[str, Any]] = dict(
        generator=dict(channels=8, num_blocks=1, num_down=1), discriminator=dict(channels=8, num_layers=1)
    )
    any_channels: ClassVar[bool] = True
    halved: ClassVar[bool] = True

    def __init__(
        self,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        *,
        cycle_weight: DirectionWeights = 10.0,
        identity_weight: DirectionWeights = 5.0,
        pool_size: int = 50,
        real_low_pass: int = 0,
        **shared: Any,
    ) -> None:
        super().__init__(**shared)
        self.generators = self.build_generators({"type": "ResNetGenerator", **(generator or {})}, "to_real", "to_syn")
        self.discriminators = build_discriminators(
            "PatchDiscriminator", discriminator, image_channels=self.image_channels
        )
        self.pools = nn.ModuleDict({key: ImagePool(pool_size) for key in ("real", "syn")})
        self.cycle_weight = by_direction("cycle_weight", cycle_weight)
        self.identity_weight = by_direction("identity_weight", identity_weight)
        self.real_low_pass = real_low_pass

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Makes both directions, both cycles, and the identity images ``same_real`` and ``same_syn`` if weighted.

        With ``free_noise``, ``quiet_real`` is ``fake_real`` without its noise.
        """
        to_real, to_syn = self.generators["to_real"], self.generators["to_syn"]
        fake_real, same_real = one_or_both(to_real, syn, real, bool(self.identity_weight["real"]))
        fake_syn, same_syn = one_or_both(to_syn, real, syn, bool(self.identity_weight["syn"]))
        quiet_real = self.quiet_real(syn)
        rec_syn = self._cycled("syn", to_syn, fake_real)
        rec_real = self._cycled("real", to_real, fake_syn)
        extra = present(same_real=same_real, same_syn=same_syn, quiet_real=quiet_real)
        return Translation(fake_real, fake_syn, rec_syn, rec_real, extra)

    def _cycled(self, key: str, network: nn.Module, fake: Tensor) -> Tensor:
        """Returns the reconstruction of a fake, without a graph if no loss needs it."""
        with torch.set_grad_enabled(bool(self.cycle_weight[key]) and torch.is_grad_enabled()):
            return network(fake)

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns the adversarial, cycle and identity terms of each direction; terms of weight 0 are absent."""
        losses = self.shared_losses(syn, real, t)
        images = dict(syn=syn, real=real)
        for key, rec in t.reconstructions().items():
            image = images[key]
            side = self.real_low_pass if key == "real" else 0
            if weight := self.cycle_weight[key]:
                losses[f"loss_cycle_{key}"] = weight * low_pass_l1(rec, image, side)
            if weight := self.identity_weight[key]:
                losses[f"loss_identity_{key}"] = weight * low_pass_l1(t.extra[f"same_{key}"], image, side)
        return losses

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns the discriminators' terms, for fakes from the pools."""
        shown = {key: self.pools[key](fake.detach()) for key, fake in t.fakes().items()}
        return self.adversarial.discriminator_losses(self.discriminators, dict(syn=syn, real=real), shown)
