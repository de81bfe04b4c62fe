"""CycleGAN (Zhu et al., ICCV 2017), https://arxiv.org/abs/1703.10593, as the translator of Eq. (2)."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from cyclesr.models.losses.gan import GANMode, check_mode
from cyclesr.models.losses.pixel import low_pass_l1
from cyclesr.models.translators.adversarial import adversarial_losses, all_judge_losses, build_discriminators
from cyclesr.models.translators.base import (
    DirectionWeights,
    Translation,
    Translator,
    by_direction,
    check_free_noise,
    one_or_both,
    present,
)
from cyclesr.models.translators.image_pool import ImagePool
from cyclesr.registry import MODELS, TRANSLATORS


@TRANSLATORS.register_module()
class CycleGAN(Translator):
    """Two generators, two discriminators; adversarial, cycle and identity losses.

    Args:
        generator: arguments of :class:`~cyclesr.models.networks.ResNetGenerator`, or of the ``type`` it names.
        discriminator: arguments of :class:`~cyclesr.models.networks.PatchDiscriminator`, or of the ``type`` it names.
        residual: both generators predict the difference to their input, zero at the start.
        noise_channels: channels of fresh N(0, 1) noise beside the input of ``to_real`` alone: without it, a
            deterministic G1 cannot make sensor noise.
        adversarial: ``lsgan``, ``vanilla``, ``hinge`` or ``wgan-gp``.
        adversarial_weight: of the generators' adversarial loss; the discriminators' own loss is not scaled by it.
        cycle_weight: of L1(rec_syn, syn) and L1(rec_real, real), on images in [0, 1]; one number, or
            ``dict(syn=, real=)``. ``rec_real`` has fresh noise too when ``noise_channels`` is set: L1 on ``real``
            then asks G1 to repeat noise that it cannot know, which makes it weaker or hides noise in ``fake_syn``;
            ``real=0`` leaves that term out, ``real_low_pass`` hides the noise from it.
        identity_weight: of L1(G2(syn), syn) and L1(G1(real), real), alike; at 0 they are not computed.
        pool_size: fakes of past steps to show to each discriminator; 0 shows the present ones alone.
        r1_weight: half of it times the R1 penalty on real images is added to each discriminator's loss.
        real_low_pass: the L1 losses on ``real`` images (cycle and identity) compare means over squares of this side;
            0 compares the pixels.
        free_noise: the SR network's feedback takes G1's noise as a constant. Noise costs SR whatever the SR network
            does, so feedback works against it; set free, its strength is a matter of the translator's losses alone.

    Differs from CycleGAN: images, hence the L1 losses, are in [0, 1] (the range of the paper's weights), where an L1
    of 10 counts as 5 would in [-1, 1].
    """

    TINY: ClassVar[dict[str, Any]] = dict(
        generator=dict(channels=8, num_blocks=1, num_down=1), discriminator=dict(channels=8, num_layers=1)
    )

    def __init__(
        self,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        residual: bool = False,
        noise_channels: int = 0,
        adversarial: GANMode = "lsgan",
        adversarial_weight: float = 1.0,
        cycle_weight: DirectionWeights = 10.0,
        identity_weight: DirectionWeights = 5.0,
        pool_size: int = 50,
        r1_weight: float = 0.0,
        real_low_pass: int = 0,
        free_noise: bool = False,
    ) -> None:
        super().__init__()
        check_mode(adversarial)
        check_free_noise(free_noise, noise_channels)
        generator = {"type": "ResNetGenerator", **(generator or {}), "residual": residual}
        self.generators = nn.ModuleDict(
            {
                "to_real": MODELS.build({**generator, "noise_channels": noise_channels}),
                "to_syn": MODELS.build(dict(generator)),
            }
        )
        self.discriminators = build_discriminators("PatchDiscriminator", discriminator)
        self.pools = nn.ModuleDict({key: ImagePool(pool_size) for key in ("real", "syn")})
        self.adversarial: GANMode = adversarial
        self.adversarial_weight = adversarial_weight
        self.cycle_weight = by_direction("cycle_weight", cycle_weight)
        self.identity_weight = by_direction("identity_weight", identity_weight)
        self.r1_weight = r1_weight
        self.real_low_pass = real_low_pass
        self.free_noise = free_noise

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Both directions, both cycles, and the identity images ``same_real`` and ``same_syn`` where weighted.

        With ``free_noise``, ``quiet_real`` is ``fake_real`` less its noise.
        """
        to_real, to_syn = self.generators["to_real"], self.generators["to_syn"]
        fake_real, same_real = one_or_both(to_real, syn, real, bool(self.identity_weight["real"]))
        fake_syn, same_syn = one_or_both(to_syn, real, syn, bool(self.identity_weight["syn"]))
        quiet_real = to_real(syn, noise_level=0.0) if self.free_noise else None
        rec_syn = self._cycled("syn", to_syn, fake_real)
        rec_real = self._cycled("real", to_real, fake_syn)
        extra = present(same_real=same_real, same_syn=same_syn, quiet_real=quiet_real)
        return Translation(fake_real, fake_syn, rec_syn, rec_real, extra)

    def _cycled(self, key: str, network: nn.Module, fake: Tensor) -> Tensor:
        """The reconstruction of a fake; without a graph where no loss will need it."""
        with torch.set_grad_enabled(bool(self.cycle_weight[key]) and torch.is_grad_enabled()):
            return network(fake)

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Eq. (2) of the generators: adversarial, cycle, identity, for each direction; terms of weight 0 are absent."""
        losses = adversarial_losses(self.discriminators, t.fakes(), self.adversarial, self.adversarial_weight)
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
        """Half the sum of the real and the fake term for each discriminator, and R1 where weighted."""
        images = dict(syn=syn, real=real)
        shown = {key: self.pools[key](fake.detach()) for key, fake in t.fakes().items()}
        return all_judge_losses(self.discriminators, images, shown, self.adversarial, self.r1_weight, halved=True)
