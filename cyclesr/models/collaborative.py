r"""CollaborativeSR: the paper's method, Eq. (2) to (5), and its update step.

=========================================  ==================================
paper                                      here
=========================================  ==================================
:math:`I^H`                                ``hr``
:math:`I^L_{syn}`                          ``syn = degradation(hr)``
:math:`I^L_{real}`                         ``real``
:math:`\hat I^L_{real} = G_1(I^L_{syn})`   ``fake_real``
:math:`\hat I^H = G_{sr}(\hat I^L_{real})` ``sr``
:math:`\lambda_{Trans}^{SR}`               ``feedback_weight``
:math:`\lambda_{mse}`                      ``sr_loss.weight``
:math:`\lambda_{percep}`                   ``perceptual["weight"]``
:math:`\lambda_{adv}`, :math:`D_h`         ``sr_adversarial``
=========================================  ==================================
"""

from collections.abc import Sequence
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from cyclesr.errors import UserError
from cyclesr.models.sr_model import Batch, Losses, SRModel
from cyclesr.models.stages import Stage
from cyclesr.models.translators.base import Translation, Translator
from cyclesr.optim.memory_format import ChannelsLast
from cyclesr.optim.parts import PartOptimizers
from cyclesr.registry import DEGRADATIONS, LOSSES, MODELS, TRANSLATORS


@MODELS.register_module()
class CollaborativeSR(SRModel):
    r"""A translator and an SR network that learn together from unpaired images.

    ``stage`` says what the next step updates; a hook sets it (:class:`~cyclesr.engine.hooks.StageHook`).

    Args:
        degradation: HR -> syn, Eq. (1); a config of ``DEGRADATIONS``.
        translator: Eq. (2); a config of ``TRANSLATORS``.
        sr: SR network; a config of ``SR_BACKBONES``.
        sr_loss: :math:`L_{SR}` of Eq. (3), or its first term; a config of ``LOSSES``.
        perceptual: its third term, :math:`L_{percep}`; arguments of :class:`~cyclesr.models.losses.PerceptualLoss`, or
            of the ``type`` that they name. None leaves it out.
        sr_adversarial: its second term, :math:`L_{adv}`; arguments of
            :class:`~cyclesr.models.sr_adversarial.SRAdversarial`, whose discriminator :math:`D_h` is the part
            ``sr_discriminator``. None leaves it out.
        feedback_weight: :math:`\lambda_{Trans}^{SR}` of Eq. (5), for images in [0, 1].
        optimisation: ``alternating`` updates the translator by Eq. (5), then the SR network by Eq. (3) with
            ``fake_real`` as a constant. ``joint`` updates both by the gradient of Eq. (4). With MSE alone and equal
            weights the two give the same gradients (Sec. 3.4), and ``joint`` is faster. With more terms in Eq. (3)
            they differ: ``alternating`` feeds back the MSE alone, ``joint`` gives G1 the gradient of them all, which
            the paper calls unstable.
        channels_last: memory format of all networks and images.
        average: decay of the averaged SR weights, which validation and inference use; 0 keeps none (the paper).
        compiled: networks that torch.compile translates, ``("sr", "translator.generators.to_real")`` for instance;
            it pays on GPUs, after a minute of compiling.

    Raises:
        UserError: ``joint`` with a feedback weight other than the SR loss's weight: Eq. (4) has but one.

    Differs from the paper: nothing in the equations. Neither Eq. (5) nor the discriminators' step moves the SR
    network, so one forward of it serves Eq. (5) and Eq. (3); its BatchNorm statistics then move once a step, where
    the released code, which runs it twice, moves them twice.
    """

    def __init__(
        self,
        degradation: dict[str, Any],
        translator: dict[str, Any],
        sr: dict[str, Any],
        sr_loss: dict[str, Any],
        perceptual: dict[str, Any] | None = None,
        sr_adversarial: dict[str, Any] | None = None,
        feedback_weight: float = 1e3,
        optimisation: Literal["alternating", "joint"] = "alternating",
        channels_last: ChannelsLast = False,
        average: float = 0.0,
        compiled: Sequence[str] = (),
        data_preprocessor: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(sr, channels_last, average, data_preprocessor, perceptual, sr_adversarial)
        self.degradation = DEGRADATIONS.build(degradation)
        self.translator: Translator = self.as_memory_format(TRANSLATORS.build(translator))
        self.sr_loss = LOSSES.build(sr_loss)
        self.feedback_weight = feedback_weight
        self.optimisation = optimisation
        self.stage = Stage.JOINT
        self._check_optimisation()
        self.compile_networks(compiled)

    def train_step(self, data: Batch, optim_wrapper: PartOptimizers) -> dict[str, Tensor]:
        """One update of whatever the stage trains.

        Args:
            data: ``hr`` ``(N, 3, s*h, s*w)`` and ``real`` ``(N, 3, h, w)``, both in [0, 1].
            optim_wrapper: the optimizers ``generators``, ``discriminators``, ``sr`` and, for D_h, ``sr_discriminator``.

        Returns:
            Every loss as a detached scalar, for the log.
        """
        hr, real = self.images(data, "hr", "real")
        with optim_wrapper.autocast(hr.device):
            syn = self.degradation(hr)  # Eq. (1)
            source = self.translator.source(syn, hr)  # syn, but for a translator straight from HR
            if not self.stage.trains_translator:
                lr = syn if self.stage is Stage.SR else self._fixed_fake_real(source)
                return self.update_sr(self.sr(lr), hr, optim_wrapper)  # Eq. (3)
            t = self.translator.translate(source, real)
            generator = self.translator.generator_losses(syn, real, t)  # Eq. (2)
            if self.stage is Stage.TRANSLATION:
                optim_wrapper.update(generator, "generators")
            elif self.optimisation == "joint":
                generator |= self._joint_step(generator, self.translator.held_fake_real(t), hr, optim_wrapper)
            else:
                generator |= self._alternating_step(generator, self.translator.held_fake_real(t), hr, optim_wrapper)
            return generator | self._discriminator_step(syn, real, t, optim_wrapper)

    def _joint_step(self, generator: Losses, fake_real: Tensor, hr: Tensor, optim_wrapper: PartOptimizers) -> Losses:
        sr = self.sr(fake_real)
        both = generator | self.sr_losses(sr, hr)
        self.update_average(optim_wrapper.update(both, "generators", "sr"))  # Eq. (4)
        return both | self.update_sr_discriminator(sr, hr, optim_wrapper)

    def _alternating_step(
        self, generator: Losses, fake_real: Tensor, hr: Tensor, optim_wrapper: PartOptimizers
    ) -> Losses:
        """Eq. (5), then Eq. (3), whose ``fake_real`` is the one made before G1 moved (Sec. 3.4)."""
        if not self.feedback_weight:
            optim_wrapper.update(generator, "generators")  # Eq. (2)
            return generator | self.update_sr(self.sr(fake_real.detach()), hr, optim_wrapper)  # Eq. (3)
        sr = self.sr(fake_real)
        feedback = {"loss_feedback": self.feedback_weight * F.mse_loss(sr, hr)}
        optim_wrapper.update(translator := generator | feedback, "generators", keep_graph=True)  # Eq. (5)
        return translator | self.update_sr(sr, hr, optim_wrapper)  # Eq. (3)

    def _discriminator_step(self, syn: Tensor, real: Tensor, t: Translation, optim_wrapper: PartOptimizers) -> Losses:
        losses = self.translator.discriminator_losses(syn, real, t)
        if losses:
            optim_wrapper.update(losses, "discriminators")
        return losses

    @torch.no_grad()
    def _fixed_fake_real(self, source: Tensor) -> Tensor:
        return self.translator.degrade(source)

    def _check_optimisation(self) -> None:
        weight = getattr(self.sr_loss, "weight", self.feedback_weight)
        if self.optimisation == "joint" and weight != self.feedback_weight:
            raise UserError(
                f"Joint optimisation (Eq. 4) has one weight for the SR loss, found feedback_weight="
                f"{self.feedback_weight:g} and sr_loss.weight={weight:g}: make them equal, or set "
                "optimisation='alternating'."
            )

    @torch.no_grad()
    def preview(self, data: Batch) -> dict[str, Tensor]:
        """Images of the first item of a batch for the log: ``syn, fake_real, sr, hr`` and ``real, real_sr``."""
        hr, real = self.images({k: data[k][:1] for k in ("hr", "real")}, "hr", "real")
        syn = self.degradation(hr)
        fake_real = self.translator.degrade(self.translator.source(syn, hr))
        return dict(
            syn=syn, fake_real=fake_real, sr=self.forward(fake_real), hr=hr, real=real, real_sr=self.forward(real)
        )
