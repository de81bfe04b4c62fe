"""BiCycleSR: degradation and SR learn in two cycles, HR -> LR -> HR and LR -> HR -> LR (Zhao et al. 2018)."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from cyclesr.models.losses.terms import Losses, merge_losses
from cyclesr.models.sr_model import Batch, SRModel
from cyclesr.models.translators.base import Translator
from cyclesr.optim.memory_format import ChannelsLast
from cyclesr.optim.parts import PartOptimizers
from cyclesr.registry import DEGRADATIONS, LOSSES, MODELS, TRANSLATORS


@MODELS.register_module()
class BiCycleSR(SRModel):
    """A degradation network and an SR network that are each other's way back, judged in the LR domain only.

    The first cycle, ``hr -> fake_real -> sr``, compares ``sr`` with ``hr``, and the translator's own losses make
    ``fake_real`` look like ``real``. The second, ``real -> real_sr -> rec_real``, compares ``rec_real`` with ``real``:
    the SR network also learns from real images. No discriminator sees HR images. Both networks take one step down the
    sum of all losses.

    Args:
        degradation: HR -> syn, a config of ``DEGRADATIONS``; for the losses and the inputs of a translator.
        translator: config of ``TRANSLATORS``. Its G1 is the degradation network; in the paper it starts from HR, as
            that of :class:`~cyclesr.models.translators.Bulat` does. The second cycle leaves out what G1 draws at random
            (:meth:`~cyclesr.models.translators.Translator.expected`): no noise can come back.
        sr: config of ``SR_BACKBONES``.
        sr_loss: config of ``LOSSES``, for ``sr`` and ``hr``.
        cycle_loss: config of ``LOSSES``, for ``rec_real`` and ``real``.
        cycle_perceptual: a perceptual loss of ``rec_real`` and ``real``; arguments of
            :class:`~cyclesr.models.losses.PerceptualLoss`, or of the ``type`` given in them. None leaves it out.
        channels_last: memory format of all networks and images; ``auto`` asks the machine.
        average: decay of the averaged SR weights, which validation and inference use; 0 keeps none.
        compiled: networks that torch.compile compiles, ``("sr", "translator.generators.to_real")`` for instance.

    Follows the description that Chen et al. give of it (Sec. 2): a CycleGAN of the HR and the real LR domain, with a
    perceptual loss on the real LR domain and without an adversarial loss on the HR domain. Networks and the weights of
    the losses are those of the config.
    """

    def __init__(
        self,
        *,
        degradation: dict[str, Any],
        translator: dict[str, Any],
        sr: dict[str, Any],
        sr_loss: dict[str, Any],
        cycle_loss: dict[str, Any],
        cycle_perceptual: dict[str, Any] | None = None,
        channels_last: ChannelsLast = False,
        average: float = 0.0,
        compiled: Sequence[str] = (),
        data_preprocessor: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(
            sr=sr, sr_loss=sr_loss, channels_last=channels_last, average=average, data_preprocessor=data_preprocessor
        )
        self.degradation = DEGRADATIONS.build(degradation)
        self.translator: Translator = self.as_memory_format(TRANSLATORS.build(translator))
        self.cycle_loss = LOSSES.build(cycle_loss)
        self.cycle_perceptual = None
        if cycle_perceptual is not None:
            perceptual = LOSSES.build({"type": "PerceptualLoss", **cycle_perceptual})
            self.cycle_perceptual = self.as_memory_format(perceptual)
        self.compile_networks(compiled)

    def parts(self) -> dict[str, torch.nn.Module]:
        """Returns the translator's networks and the SR network."""
        translator = dict(generators=self.translator.generators, discriminators=self.translator.discriminators)
        return {**translator, **super().parts()}

    def train_step(self, data: Batch, optim_wrapper: PartOptimizers) -> dict[str, Tensor]:
        """Updates both networks together, then the discriminators.

        Args:
            data: ``hr`` ``(N, 3, s*h, s*w)`` and ``real`` ``(N, 3, h, w)``, both in [0, 1].
            optim_wrapper: the optimizers ``generators``, ``discriminators`` and ``sr``.

        Returns:
            Every loss as a detached scalar, for the log.
        """
        hr, real = self.images(data, "hr", "real")
        with optim_wrapper.autocast(hr.device):
            syn = self.degradation(hr)
            t = self.translator.translate(self.translator.source(syn, hr), real)
            lr = self.translator.fake_real_for_sr(t)
            losses = merge_losses(
                translator=self.translator.generator_losses(syn, real, t),
                cycle_of_hr=self.sr_losses(self.sr(lr), hr, lr),
                cycle_of_real=self._cycle_losses(self._back(self.sr(real)), real),
            )
            made = optim_wrapper.update(losses, "generators", "sr")
            self.update_average(made.stepped)
            judged = self.translator.discriminator_losses(syn, real, t)
            judges = optim_wrapper.update(judged, "discriminators").losses if judged else {}
        return merge_losses(both_networks=made.losses, discriminators=judges)

    def _back(self, real_sr: Tensor) -> Tensor:
        """Returns the LR image of an SR image, without what G1 draws at random."""
        return self.translator.expected(real_sr if self.translator.from_hr else self.degradation(real_sr))

    def _cycle_losses(self, rec_real: Tensor, real: Tensor) -> Losses:
        losses = {"loss_real_cycle": self.cycle_loss(rec_real, real)}
        if self.cycle_perceptual is not None:
            losses["loss_real_cycle_perceptual"] = self.cycle_perceptual(rec_real, real)
        return losses

    @torch.no_grad()
    def preview(self, data: Batch) -> dict[str, Tensor]:
        """Returns images of the first item of a batch: ``fake_real, sr, hr`` and ``real, real_sr, rec_real``."""
        hr, real = self.images({k: data[k][:1] for k in ("hr", "real")}, "hr", "real")
        fake_real = self.translator.degrade(self.translator.source(self.degradation(hr), hr))
        sr, real_sr = self.forward(fake_real), self.forward(real)
        return dict(fake_real=fake_real, sr=sr, hr=hr, real=real, real_sr=real_sr, rec_real=self._back(real_sr))
