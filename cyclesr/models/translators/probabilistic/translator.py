"""A degradation with few parameters, after Luo et al. (CVPR 2022), https://arxiv.org/abs/2203.04962."""

from typing import Any, ClassVar, Literal, cast

from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.losses.gan import GANMode, check_mode
from cyclesr.models.translators.adversarial import adversarial_losses, all_judge_losses, build_discriminators
from cyclesr.models.translators.base import Translation, Translator, straight_through, with_defaults
from cyclesr.registry import MODELS, TRANSLATORS

Feedback = Literal["all", "blur", "none"]
JUDGE = dict(type="PatchDiscriminator", channels=32, num_layers=1, norm="instance", high_pass=5, init="default")


class PhysicalDegradation(nn.Module):
    """Blur, noise and the rounding of an image file, with kernel and noise drawn anew for each image.

    Args:
        blur: images to images of the same size.
        noise: noise-free images to noise; None makes none.
        rounded: to the 256 levels of an image file, with the gradient of what is rounded.
    """

    def __init__(self, blur: nn.Module, noise: nn.Module | None, rounded: bool) -> None:
        super().__init__()
        self.blur = blur
        self.noise = noise
        self.rounded = rounded

    def forward(self, image: Tensor) -> Tensor:
        """``(N, 3, H, W)`` in [0, 1] to the same size and range."""
        return self.with_quiet(image)[0]

    def with_quiet(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The degraded images, and the same blur of them without noise and rounding."""
        quiet = self.blur(image)
        made = quiet if self.noise is None else quiet + self.noise(quiet)
        level = made.detach().clamp(0, 1)
        return straight_through((255 * level).round() / 255 if self.rounded else level, made), quiet


@TRANSLATORS.register_module()
class ProbabilisticDegradation(Translator):
    """Learnt blur kernels and signal-dependent noise, drawn at random for each image; an adversarial loss alone.

    What G1 can do is what optics and sensors do. It has no way to drift into content, so that nothing holds it back.

    Args:
        blur: arguments of :class:`~cyclesr.models.translators.probabilistic.GaussianBlur`, or of the ``type`` it names.
        noise: arguments of :class:`~cyclesr.models.translators.probabilistic.LearntNoise`, or of the ``type`` it names.
        discriminator: arguments of :class:`~cyclesr.models.networks.PatchDiscriminator`, by default a small one that
            sees fine structure alone, or of the ``type`` it names.
        noisy: whether there is noise at all.
        rounded: G1 rounds to the 256 levels of an image file, as the real images are.
        feedback: what the SR network's feedback may move: ``all``, the ``blur`` alone, or ``none``. Blur and noise
            cost SR whatever the SR network does, so feedback works against both.
        adversarial: ``lsgan``, ``vanilla``, ``hinge`` or ``wgan-gp``.
        adversarial_weight: of G1's adversarial loss; the discriminator's own loss is not scaled by it.
        r1_weight: half of it times the R1 penalty on real images is added to the discriminator's loss.

    By default there is one kernel and one noise level for all images, and fresh noise alone is drawn: kernels are drawn
    for each image with ``num_kernels`` of the blur above 1, levels with ``spread`` of the noise above 0.

    The real images must not be flipped or turned in training: a kernel that is not round would become several.

    Differs from Luo et al.: kernels and noise act on ``syn``, not on ``hr``; both are parameters, a few numbers each,
    where theirs are networks of random codes; images are rounded.
    """

    TINY: ClassVar[dict[str, Any]] = dict(
        blur=dict(size=5, num_kernels=2), noise=dict(grain=3, spread=0.1), discriminator=dict(channels=8)
    )

    def __init__(
        self,
        blur: dict[str, Any] | None = None,
        noise: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        noisy: bool = True,
        rounded: bool = True,
        feedback: Feedback = "all",
        adversarial: GANMode = "lsgan",
        adversarial_weight: float = 1.0,
        r1_weight: float = 0.0,
    ) -> None:
        super().__init__()
        check_mode(adversarial)
        if feedback not in ("all", "blur", "none"):
            raise UserError(f"feedback must be all, blur or none, found {feedback!r}.")
        to_real = PhysicalDegradation(
            MODELS.build({"type": "GaussianBlur", **(blur or {})}),
            MODELS.build({"type": "LearntNoise", **(noise or {})}) if noisy else None,
            rounded,
        )
        judge = with_defaults(JUDGE, discriminator)
        self.generators = nn.ModuleDict({"to_real": to_real})
        self.discriminators = build_discriminators(judge["type"], judge, ["real"])
        self.feedback: Feedback = feedback
        self.adversarial: GANMode = adversarial
        self.adversarial_weight = adversarial_weight
        self.r1_weight = r1_weight

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """``fake_real``; where feedback may move the blur alone, ``quiet_real`` is the blurred image."""
        fake_real, quiet_real = cast(PhysicalDegradation, self.generators["to_real"]).with_quiet(syn)
        return Translation(fake_real, extra=dict(quiet_real=quiet_real) if self.feedback == "blur" else {})

    def fake_real_for_sr(self, t: Translation) -> Tensor:
        """``fake_real``; a constant, or its noise a constant, as ``feedback`` says."""
        return t.fake_real.detach() if self.feedback == "none" else super().fake_real_for_sr(t)

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """The adversarial term alone."""
        return adversarial_losses(self.discriminators, t.fakes(), self.adversarial, self.adversarial_weight)

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Half the sum of the real and the fake term, and R1 where weighted."""
        images = dict(real=real)
        return all_judge_losses(self.discriminators, images, t.fakes(), self.adversarial, self.r1_weight, halved=True)
