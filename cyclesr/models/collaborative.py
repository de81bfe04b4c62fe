r"""CollaborativeSR: the paper's method, Eq. (2) to (5), and its update step.

============================================  =====================================
paper                                         here
============================================  =====================================
:math:`I^H`                                   ``hr``
:math:`I^L_{syn}`                             ``syn = degradation(hr)``
:math:`I^L_{real}`                            ``real``
:math:`\hat I^L_{real} = G_1(I^L_{syn})`      ``fake_real``
:math:`\hat I^H = G_{sr}(\hat I^L_{real})`    ``sr``
:math:`\lambda_{Trans}^{SR}`                  ``feedback_weight``
:math:`\lambda_{mse}`                         ``sr_loss.weight``
:math:`\lambda_{percep}`                      ``perceptual["weight"]``
:math:`\lambda_{adv}`, :math:`D_h`            ``sr_adversarial``
============================================  =====================================
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError, did_you_mean
from cyclesr.models.losses.terms import Losses, merge_losses
from cyclesr.models.realness_weighting import build_weighting
from cyclesr.models.sr_model import Batch, SRModel
from cyclesr.models.stages import Stage
from cyclesr.models.translators.base import Translation, Translator
from cyclesr.models.unexplained_noise import UnexplainedNoise
from cyclesr.optim.memory_format import ChannelsLast
from cyclesr.optim.parts import PartOptimizers
from cyclesr.registry import DEGRADATIONS, MODELS, TRANSLATORS


@MODELS.register_module()
class CollaborativeSR(SRModel):
    r"""A translator and an SR network that learn together from unpaired images.

    ``stage`` says what the next step updates; a hook sets it (:class:`~cyclesr.engine.hooks.StageHook`).

    The update rules :meth:`alternating` and :meth:`joint` are extension points: a subclass that names another method
    of the same signature in ``RULES`` can be asked for it by ``optimisation``.

    Args:
        degradation: HR -> syn, Eq. (1); a config of ``DEGRADATIONS``.
        translator: Eq. (2); a config of ``TRANSLATORS``.
        sr: SR network; a config of ``SR_BACKBONES``.
        sr_loss: :math:`L_{SR}` of Eq. (3), or its first term; a config of ``LOSSES``.
        perceptual: its third term, :math:`L_{percep}`; arguments of :class:`~cyclesr.models.losses.PerceptualLoss`, or
            of the ``type`` given in them. None leaves it out.
        sr_adversarial: its second term, :math:`L_{adv}`; arguments of
            :class:`~cyclesr.models.sr_adversarial.SRAdversarial`, whose discriminator :math:`D_h` is the part
            ``sr_discriminator``. None leaves it out.
        artifacts: one more term, against artifacts of the adversarial one (LDL), which the paper does not have;
            arguments of :class:`~cyclesr.models.losses.ArtifactLoss`. It needs ``average``. None leaves it out.
        consistency: one more term for the SR network, on the real images, which the paper does not have; arguments of
            :class:`~cyclesr.models.consistency.RealConsistency`. It is used where the SR network learns ``fake_real``.
            None leaves it out.
        weighting: weights of the pixels for :math:`L_{SR}`, by how real ``fake_real`` looks there (DASR); arguments of
            :class:`~cyclesr.models.realness_weighting.RealnessWeighting`. Its own discriminator, if it has one, is the
            part ``realness_discriminator``. The feedback of ``alternating`` stays unweighted. None weights all equally.
        unexplained: noise on ``fake_real``, for the SR network only, that stands for what G1 does not explain, which
            the paper does not have; arguments of :class:`~cyclesr.models.unexplained_noise.UnexplainedNoise`. None adds
            none.
        mix: degradations that are drawn at random, for some of the crops that the SR network learns from; arguments of
            :class:`~cyclesr.models.random_mix.RandomMix`. None has only the translator's.
        feedback_weight: :math:`\lambda_{Trans}^{SR}` of Eq. (5), for images in [0, 1].
        optimisation: the update rule of the joint stage, ``alternating`` or ``joint``. With only the MSE as SR loss and
            equal weights the two give the same gradients (Sec. 3.4), and ``joint`` is faster. With more terms in
            Eq. (3) they differ: ``alternating`` feeds back the MSE only, ``joint`` gives G1 the gradient of all terms,
            which the paper calls unstable.
        channels_last: memory format of all networks and images.
        average: decay of the averaged SR weights, which validation and inference use; 0 keeps none (the paper).
        compiled: networks that torch.compile compiles, ``("sr", "translator.generators.to_real")`` for instance;
            it pays on GPUs, after a minute of compiling.

    Raises:
        UserError: an unknown update rule; or ``joint`` with a feedback weight other than the SR loss's weight, because
            Eq. (4) has only one.

    Differs from the paper: nothing in the equations. Neither Eq. (5) nor the discriminators' step moves the SR
    network, so one forward pass of it serves Eq. (5) and Eq. (3). Its BatchNorm statistics therefore move once a step;
    in the released code, which runs it twice, they move twice.
    """

    RULES: ClassVar[tuple[str, ...]] = ("alternating", "joint")

    def __init__(
        self,
        *,
        degradation: dict[str, Any],
        translator: dict[str, Any],
        sr: dict[str, Any],
        sr_loss: dict[str, Any],
        perceptual: dict[str, Any] | None = None,
        sr_adversarial: dict[str, Any] | None = None,
        artifacts: dict[str, Any] | None = None,
        consistency: dict[str, Any] | None = None,
        weighting: dict[str, Any] | None = None,
        unexplained: dict[str, Any] | None = None,
        mix: dict[str, Any] | None = None,
        feedback_weight: float = 1e3,
        optimisation: str = "alternating",
        channels_last: ChannelsLast = False,
        average: float = 0.0,
        compiled: Sequence[str] = (),
        data_preprocessor: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(
            sr=sr,
            sr_loss=sr_loss,
            perceptual=perceptual,
            sr_adversarial=sr_adversarial,
            artifacts=artifacts,
            channels_last=channels_last,
            average=average,
            data_preprocessor=data_preprocessor,
        )
        self.degradation = DEGRADATIONS.build(degradation)
        self.translator: Translator = self.as_memory_format(TRANSLATORS.build(translator))
        self.consistency = MODELS.build({"type": "RealConsistency", **consistency}) if consistency is not None else None
        self.weighting = build_weighting(weighting, self.translator, self.sr_loss) if weighting is not None else None
        self.unexplained = nn.Identity() if unexplained is None else UnexplainedNoise(**unexplained)
        self.mix = MODELS.build({"type": "RandomMix", **mix}) if mix is not None else None
        self.feedback_weight = feedback_weight
        self.optimisation = optimisation
        self.stage = Stage.JOINT
        self._check_optimisation()
        self.compile_networks(compiled)

    def parts(self) -> dict[str, nn.Module]:
        """Returns the translator's networks and those of :class:`SRModel`."""
        translator = dict(generators=self.translator.generators, discriminators=self.translator.discriminators)
        own = None if self.weighting is None else self.weighting.discriminator
        return {**translator, **super().parts(), **({} if own is None else dict(realness_discriminator=own))}

    @cached_property
    def translator_learns(self) -> bool:
        """Whether G1 has weights; one without them is the same in all stages, and only the SR network learns."""
        return any(parameter.requires_grad for parameter in self.translator.generators.parameters())

    def train_step(self, data: Batch, optim_wrapper: PartOptimizers) -> dict[str, Tensor]:
        """Updates what the stage trains.

        Args:
            data: ``hr`` ``(N, 3, s*h, s*w)`` and ``real`` ``(N, 3, h, w)``, both in [0, 1]. ``hr`` may have a margin,
                which a G1 that does not learn sees, but no network that learns.
            optim_wrapper: the optimizers ``generators``, ``discriminators``, ``sr`` and those of further parts.

        Returns:
            Every loss as a detached scalar, for the log.
        """
        hr, real = self.images(data, "hr", "real")
        margin = self._margin(hr, real)
        g1_learns = self.stage.trains_translator and self.translator_learns
        hr = without_margin(hr, margin * self.scale) if g1_learns else hr
        with optim_wrapper.autocast(hr.device), optim_wrapper.adding(self._losses_of_real(real), "sr"):
            syn = self.degradation(hr)  # Eq. (1)
            source = self.translator.source(syn, hr)  # syn, except for a translator that starts from HR
            if not g1_learns:
                lr = syn if self.stage is Stage.SR else self._seen_by_sr(self._fixed_fake_real(source), hr)
                lr, hr = without_margin(lr, margin), without_margin(hr, margin * self.scale)
                learnt = self.update_sr(self.sr(lr), hr, lr, optim_wrapper)  # Eq. (3)
                return merge_losses(sr_network=learnt, realness=self._update_realness(real, lr, optim_wrapper))
            t = self.translator.translate(source, real)
            losses = self.translator.generator_losses(syn, real, t)  # Eq. (2)
            if self.stage is Stage.TRANSLATION:
                generators = optim_wrapper.update(losses, "generators").losses
            else:
                rule = getattr(self, self.optimisation)
                fake_real = self._seen_by_sr(self.translator.fake_real_for_sr(t), hr)
                generators = rule(losses, fake_real, hr, optim_wrapper)
            discriminators = self._update_discriminators(syn, real, t, optim_wrapper)
            realness = self._update_realness(real, t.fake_real, optim_wrapper)
            return merge_losses(generators=generators, translator_discriminators=discriminators, realness=realness)

    def joint(self, translator_losses: Losses, fake_real: Tensor, hr: Tensor, optim_wrapper: PartOptimizers) -> Losses:
        """Updates the translator's generators and the SR network at once, Eq. (4).

        Args:
            translator_losses: the terms of Eq. (2), with their graph.
            fake_real: G1(syn) ``(N, 3, h, w)``, with its graph.
            hr: ``(N, 3, s*h, s*w)``.
            optim_wrapper: with ``accumulate``, this runs once for each micro-batch and the weights move in the last
                one only. A rule may update a part once an iteration, and its losses are means over images.

        Returns:
            The losses, detached.
        """
        sr = self.sr(fake_real)
        losses = merge_losses(translator=translator_losses, sr_network=self.sr_losses(sr, hr, fake_real))
        update = optim_wrapper.update(losses, "generators", "sr")  # Eq. (4)
        self.update_average(update.stepped)
        judged = self.update_sr_discriminator(sr, hr, optim_wrapper)
        return merge_losses(generators_and_sr_network=update.losses, discriminator_of_sr=judged)

    def alternating(
        self, translator_losses: Losses, fake_real: Tensor, hr: Tensor, optim_wrapper: PartOptimizers
    ) -> Losses:
        """Updates the generators by Eq. (5), then the SR network by Eq. (3); arguments as for :meth:`joint`.

        The SR network learns from the ``fake_real`` that was made before G1 moved (Sec. 3.4), as a constant.
        """
        lr = fake_real.detach()
        if not self.feedback_weight:
            translator = optim_wrapper.update(translator_losses, "generators").losses  # Eq. (2)
            return merge_losses(translator=translator, sr_network=self.update_sr(self.sr(lr), hr, lr, optim_wrapper))
        sr = self.sr(fake_real)
        feedback = {"loss_feedback": self.feedback_weight * F.mse_loss(sr, hr)}
        losses = merge_losses(translator=translator_losses, feedback=feedback)
        translator = optim_wrapper.update(losses, "generators", keep_graph=True).losses  # Eq. (5)
        return merge_losses(translator=translator, sr_network=self.update_sr(sr, hr, lr, optim_wrapper))  # Eq. (3)

    def _update_discriminators(
        self, syn: Tensor, real: Tensor, t: Translation, optim_wrapper: PartOptimizers
    ) -> Losses:
        losses = self.translator.discriminator_losses(syn, real, t)
        return optim_wrapper.update(losses, "discriminators").losses if losses else {}

    def _margin(self, hr: Tensor, real: Tensor) -> int:
        """Returns by how many LR pixels ``hr`` is larger than ``real`` on each side."""
        return max(hr.shape[-1] // self.scale - real.shape[-1], 0) // 2

    def _losses_of_real(self, real: Tensor) -> Losses:
        """Returns the SR network's loss on real images, if there is one in this stage."""
        if self.consistency is None or not self.stage.uses_translator:
            return {}
        return {"loss_consistency": self.consistency.of_network(self.sr, self.degradation, self.translator, real)}

    def pixel_weights(self, lr: Tensor, hr: Tensor) -> Tensor | None:
        """Returns the weights of ``weighting``, if there are any in this stage; see :meth:`SRModel.pixel_weights`."""
        if self.weighting is None or not self.stage.uses_translator:
            return None
        weights: Tensor = self.weighting(lr, hr, self.translator)
        return weights

    def _update_realness(self, real: Tensor, fake_real: Tensor, optim_wrapper: PartOptimizers) -> Losses:
        """Takes a step of the weighting's own discriminator, if there is one and this stage uses it."""
        if self.weighting is None or not self.stage.uses_translator:
            return {}
        losses = self.weighting.discriminator_losses(real, fake_real)
        return optim_wrapper.update(losses, "realness_discriminator").losses if losses else {}

    @torch.no_grad()
    def _fixed_fake_real(self, source: Tensor) -> Tensor:
        return self.translator.degrade(source)

    def _seen_by_sr(self, fake_real: Tensor, hr: Tensor) -> Tensor:
        seen = self.unexplained(fake_real)
        return seen if self.mix is None else self.mix(seen, hr)

    def _check_optimisation(self) -> None:
        if self.optimisation not in self.RULES:
            raise UserError(
                f"optimisation is one of {', '.join(self.RULES)}, found {self.optimisation!r}."
                f"{did_you_mean(self.optimisation, self.RULES)}"
            )
        weight = getattr(self.sr_loss, "weight", self.feedback_weight)
        if self.optimisation == "joint" and weight != self.feedback_weight:
            raise UserError(
                f"Joint optimisation (Eq. 4) has one weight for the SR loss, found feedback_weight="
                f"{self.feedback_weight:g} and sr_loss.weight={weight:g}: make them equal, or set "
                "optimisation='alternating'."
            )

    @torch.no_grad()
    def preview(self, data: Batch) -> dict[str, Tensor]:
        """Returns images of the first item of a batch: ``syn, fake_real, sr, hr`` and ``real, real_sr``."""
        hr, real = self.images({k: data[k][:1] for k in ("hr", "real")}, "hr", "real")
        syn = self.degradation(hr)
        fake_real = self.translator.degrade(self.translator.source(syn, hr))
        margin = self._margin(hr, real)
        syn, fake_real, hr = (
            without_margin(image, margin * s) for image, s in ((syn, 1), (fake_real, 1), (hr, self.scale))
        )
        return dict(
            syn=syn, fake_real=fake_real, sr=self.forward(fake_real), hr=hr, real=real, real_sr=self.forward(real)
        )


def without_margin(image: Tensor, margin: int) -> Tensor:
    """Returns the middle of ``(N, 3, h, w)``, without ``margin`` pixels on each side."""
    if not margin:
        return image
    like = torch.channels_last if image.is_contiguous(memory_format=torch.channels_last) else torch.contiguous_format
    return image[..., margin:-margin, margin:-margin].contiguous(memory_format=like)
