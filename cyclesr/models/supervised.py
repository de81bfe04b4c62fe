"""SupervisedSR: the paper's baselines that learn from pairs, SR_syn and SR_paired (Sec. 4.2)."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from cyclesr.models.sr_model import Batch, SRModel
from cyclesr.optim.memory_format import ChannelsLast
from cyclesr.optim.parts import PartOptimizers
from cyclesr.registry import DEGRADATIONS, MODELS


@MODELS.register_module()
class SupervisedSR(SRModel):
    """An SR network trained on pairs.

    Args:
        sr: config of ``SR_BACKBONES``.
        sr_loss: config of ``LOSSES``.
        perceptual, sr_adversarial, artifacts: the other terms, as in :class:`~cyclesr.models.CollaborativeSR`.
        degradation: makes the LR images from ``hr`` (SR_syn: bicubic); None takes ``lr`` from the batch (SR_paired).
        channels_last: memory format of the network and the images; ``auto`` asks the machine.
        average: decay of the averaged SR weights, which validation and inference use; 0 keeps none.
        compiled: networks that torch.compile translates: ``("sr",)`` or none.
    """

    def __init__(
        self,
        *,
        sr: dict[str, Any],
        sr_loss: dict[str, Any],
        degradation: dict[str, Any] | None = None,
        perceptual: dict[str, Any] | None = None,
        sr_adversarial: dict[str, Any] | None = None,
        artifacts: dict[str, Any] | None = None,
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
        self.degradation = DEGRADATIONS.build(degradation) if degradation else None
        self.compile_networks(compiled)

    def train_step(self, data: Batch, optim_wrapper: PartOptimizers) -> dict[str, Tensor]:
        """Updates the SR network; ``data`` holds ``hr``, and ``lr`` unless a degradation makes it."""
        lr, hr = self._pair(data)
        with optim_wrapper.autocast(hr.device):
            return self.update_sr(self.sr(lr), hr, lr, optim_wrapper)

    def _pair(self, data: Batch) -> list[Tensor]:
        if self.degradation is None:
            return self.images(data, "lr", "hr")
        (hr,) = self.images(data, "hr")
        return [self.degradation(hr), hr]

    @torch.no_grad()
    def preview(self, data: Batch) -> dict[str, Tensor]:
        """Returns images of the first item of a batch, for the log: ``lr``, ``sr``, ``hr``."""
        lr, hr = (image[:1] for image in self._pair(data))
        return dict(lr=lr, sr=self.forward(lr), hr=hr)
