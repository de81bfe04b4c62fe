"""A degradation with few parameters, after Luo et al. (CVPR 2022)."""

from typing import Any, ClassVar, Literal, cast

from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError
from cyclesr.models.losses.gan import GANMode
from cyclesr.models.translators.adversarial import build_discriminators
from cyclesr.models.translators.adversarial_translator import AdversarialTranslator
from cyclesr.models.translators.base import Translation, straight_through, with_defaults
from cyclesr.models.translators.probabilistic.learnt_blur import LearntBlur
from cyclesr.registry import MODELS, TRANSLATORS

Feedback = Literal["all", "blur", "none"]
JUDGE = dict(type="PatchDiscriminator", channels=32, num_layers=1, norm="instance", high_pass=5, init="default")


class PhysicalDegradation(nn.Module):
    """Blur, noise and the rounding of an image file, with kernel and noise drawn for each image.

    Args:
        blur: network from images to images of the same size.
        noise: network from noise-free images to noise; None makes none.
        rounded: whether to round to the 256 levels of an image file; gradients pass as if it were not.
    """

    def __init__(self, blur: nn.Module, noise: nn.Module | None, rounded: bool) -> None:
        super().__init__()
        self.blur = blur
        self.noise = noise
        self.rounded = rounded

    def forward(self, image: Tensor) -> Tensor:
        """Degrades ``(N, 3, H, W)`` in [0, 1]; returns the same size and range."""
        return self.with_quiet(image)[0]

    def with_quiet(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the degraded images, and the same images only blurred, without noise and rounding."""
        quiet = self.blur(image)
        made = quiet if self.noise is None else quiet + self.noise(quiet)
        level = made.detach().clamp(0, 1)
        return straight_through((255 * level).round() / 255 if self.rounded else level, made), quiet

    def expected(self, image: Tensor) -> Tensor:
        """Returns the images ``(N, 3, H, W)`` blurred by the mean kernel, without noise and rounding."""
        return self.blur.expected(image) if isinstance(self.blur, LearntBlur) else self.blur(image)


@TRANSLATORS.register_module()
class ProbabilisticDegradation(AdversarialTranslator):
    """Learnt blur kernels and signal-dependent noise, drawn at random for each image; only an adversarial loss.

    G1 can only do what optics and sensors do. It cannot change the content, so that it needs no loss that forbids this.

    Args:
        blur: arguments of :class:`~cyclesr.models.translators.probabilistic.GaussianBlur`, or of the ``type`` it names;
            :class:`~cyclesr.models.translators.probabilistic.DeepLinearBlur` has free-form kernels.
        noise: arguments of :class:`~cyclesr.models.translators.probabilistic.LearntNoise`, or of the ``type`` it names.
        discriminator: arguments of :class:`~cyclesr.models.networks.PatchDiscriminator`, by default a small one that
            sees only fine structure, or of the ``type`` it names.
        noisy: whether there is noise at all.
        rounded: whether G1 rounds to the 256 levels of an image file, as the real images are.
        feedback: what the SR network's feedback may move: ``all``, only the ``blur``, or ``none``. Blur and noise make
            SR harder whatever the SR network does, so feedback works against both.
        adversarial, adversarial_weight, r1_weight, image_channels: see
            :class:`~cyclesr.models.translators.AdversarialTranslator`.

    By default there is one kernel and one noise level for all images, and only the noise itself is drawn. Kernels are
    drawn for each image if ``num_kernels`` of the blur is above 1, levels if ``spread`` of the noise is above 0.

    The real images must not be flipped or turned in training: a kernel that is not round would become several kernels.

    Differs from Luo et al.: kernels and noise act on ``syn``, not on ``hr``; both are parameters, a few numbers each,
    where theirs are networks of random codes; images are rounded.

    Raises:
        UserError: another feedback.
    """

    PAPER: ClassVar[Paper] = Paper("Luo et al., CVPR 2022", "https://arxiv.org/abs/2203.04962")
    TINY: ClassVar[dict[str, Any]] = dict(
        blur=dict(size=5, num_kernels=2), noise=dict(grain=3, spread=0.1), discriminator=dict(channels=8)
    )
    any_channels: ClassVar[bool] = True
    halved: ClassVar[bool] = True

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
        image_channels: int = 3,
    ) -> None:
        super().__init__(
            adversarial=adversarial,
            adversarial_weight=adversarial_weight,
            r1_weight=r1_weight,
            image_channels=image_channels,
        )
        if feedback not in ("all", "blur", "none"):
            raise UserError(f"feedback must be all, blur or none, found {feedback!r}.")
        to_real = PhysicalDegradation(
            MODELS.build({"type": "GaussianBlur", **(blur or {})}),
            MODELS.build({"type": "LearntNoise", **(noise or {})}) if noisy else None,
            rounded,
        )
        judge = with_defaults(JUDGE, discriminator)
        self.generators = nn.ModuleDict({"to_real": to_real})
        self.discriminators = build_discriminators(judge["type"], judge, ["real"], image_channels)
        self.feedback: Feedback = feedback

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Makes ``fake_real``; if feedback may move only the blur, ``quiet_real`` is the blurred image."""
        fake_real, quiet_real = cast(PhysicalDegradation, self.generators["to_real"]).with_quiet(syn)
        return Translation(fake_real, extra=dict(quiet_real=quiet_real) if self.feedback == "blur" else {})

    def fake_real_for_sr(self, t: Translation) -> Tensor:
        """Returns ``fake_real``; as ``feedback`` says, a constant, or with its noise as a constant."""
        return t.fake_real.detach() if self.feedback == "none" else super().fake_real_for_sr(t)

    def expected(self, syn: Tensor) -> Tensor:
        """Returns :meth:`PhysicalDegradation.expected`, ``(N, 3, h, w)``."""
        return cast(PhysicalDegradation, self.generators["to_real"]).expected(syn)

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns the adversarial term, and the penalties on the kernels if the blur has some."""
        blur = cast(PhysicalDegradation, self.generators["to_real"]).blur
        penalties = blur.losses() if isinstance(blur, LearntBlur) else {}
        return {**self.adversarial.generator_losses(self.discriminators, t.fakes()), **penalties}
