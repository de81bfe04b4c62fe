"""DSGAN (Fritsche et al., ICCVW 2019), https://arxiv.org/abs/1911.07850: high frequencies learn, low ones stay."""

from typing import Any, ClassVar

from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.losses.gan import GANMode, check_mode
from cyclesr.models.losses.pixel import low_pass_l1
from cyclesr.models.translators.adversarial import adversarial_losses, all_judge_losses, build_discriminators
from cyclesr.models.translators.base import Translation, Translator, check_free_noise, with_defaults
from cyclesr.registry import LOSSES, MODELS, TRANSLATORS

JUDGE = dict(type="PlainDiscriminator", num_layers=3, kernel=5, stride=1, tail_kernel=1, init="default")


@TRANSLATORS.register_module()
class DSGAN(Translator):
    """One direction: an adversarial loss on high frequencies, a colour loss that holds the low ones to ``syn``.

    Args:
        generator: arguments of :class:`~cyclesr.models.networks.FlatGenerator`, or of the ``type`` it names.
        discriminator: arguments of :class:`~cyclesr.models.networks.PlainDiscriminator`, by default DSGAN's, or of the
            ``type`` it names, which must take ``high_pass``.
        window: odd side of the box, in pixels, whose mean is the low frequencies: the discriminator sees what it leaves
            over, the colour loss compares it.
        residual: G1 predicts the difference to its input, zero at the start.
        noise_channels: channels of fresh N(0, 1) noise beside the generator's input.
        adversarial: ``lsgan``, ``vanilla``, ``hinge`` or ``wgan-gp``.
        adversarial_weight: of G1's adversarial loss; the discriminator's own loss is not scaled by it.
        colour_weight: of L1 between the means of ``fake_real`` and ``syn`` over the window.
        perceptual: a config of ``LOSSES`` for ``fake_real`` and ``syn``; the paper's is
            ``dict(type="LPIPSLoss", weight=0.01)``. None leaves it out: it needs a pretrained network.
        r1_weight: half of it times the R1 penalty on real images is added to the discriminator's loss.
        free_noise: feedback does not pull at the noise, see :class:`~cyclesr.models.translators.CycleGAN`.

    Differs from the paper: no perceptual loss by default. The means are over whole windows alone, where the paper's
    code has smaller ones at the borders. The discriminator sees high frequencies of images in [-1, 1].

    Raises:
        UserError: the discriminator has a ``high_pass`` of its own.
    """

    TINY: ClassVar[dict[str, Any]] = dict(
        generator=dict(channels=8, num_blocks=1), discriminator=dict(channels=8, num_layers=2)
    )

    def __init__(
        self,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        window: int = 5,
        residual: bool = False,
        noise_channels: int = 0,
        adversarial: GANMode = "vanilla",
        adversarial_weight: float = 0.005,
        colour_weight: float = 1.0,
        perceptual: dict[str, Any] | None = None,
        r1_weight: float = 0.0,
        free_noise: bool = False,
    ) -> None:
        super().__init__()
        check_mode(adversarial)
        check_free_noise(free_noise, noise_channels)
        if "high_pass" in (discriminator or {}):
            raise UserError("DSGAN splits the frequencies of both losses at one place: set window, not high_pass.")
        own = dict(residual=residual, noise_channels=noise_channels)
        self.generators = nn.ModuleDict(
            {"to_real": MODELS.build({"type": "FlatGenerator", **(generator or {}), **own})}
        )
        judge = {**with_defaults(JUDGE, discriminator), "high_pass": window}
        self.discriminators = build_discriminators(judge["type"], judge, ["real"])
        self.window = window
        self.adversarial: GANMode = adversarial
        self.adversarial_weight = adversarial_weight
        self.colour_weight = colour_weight
        self.perceptual = LOSSES.build(perceptual) if perceptual else None
        self.r1_weight = r1_weight
        self.free_noise = free_noise

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """``fake_real``; with ``free_noise``, ``quiet_real`` is the same less its noise."""
        to_real = self.generators["to_real"]
        extra = dict(quiet_real=to_real(syn, noise_level=0.0)) if self.free_noise else {}
        return Translation(to_real(syn), extra=extra)

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """The adversarial ("texture"), the colour and, where there is one, the perceptual term."""
        losses = adversarial_losses(self.discriminators, t.fakes(), self.adversarial, self.adversarial_weight)
        losses["loss_colour_real"] = self.colour_weight * low_pass_l1(t.fake_real, syn, self.window)
        if self.perceptual is not None:
            losses["loss_perceptual_real"] = self.perceptual(t.fake_real, syn)
        return losses

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """The sum of the real and the fake term, and R1 where weighted."""
        return all_judge_losses(self.discriminators, dict(real=real), t.fakes(), self.adversarial, self.r1_weight)
