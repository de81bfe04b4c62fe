"""CycleGANSR: the paper's baseline that takes super-resolution for a translation of images (Table 1, "CycleGAN")."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from cyclesr.errors import UserError
from cyclesr.models.backbones.upscaled import Upscaled
from cyclesr.models.losses.terms import merge_losses
from cyclesr.models.sr_model import Batch, SRModel
from cyclesr.models.translators.base import Translator
from cyclesr.optim.memory_format import ChannelsLast
from cyclesr.optim.parts import PartOptimizers
from cyclesr.registry import MODELS, TRANSLATORS


@MODELS.register_module()
class CycleGANSR(SRModel):
    """A CycleGAN between bicubic-upscaled real LR images and HR images.

    "LR images are first upsampled with bicubic interpolation and then a CycleGAN is trained on those images and HR
    images" (Sec. 4.2). In the translator's words, ``hr`` stands for ``syn`` and the enlarged ``real`` for ``real``:
    G1 degrades, and G2 is the SR network. There is no pixel loss to HR.

    Args:
        sr: config of :class:`~cyclesr.models.backbones.Upscaled`; its network is G2 (``to_syn``) of the translator,
            and the optimizer of ``generators`` trains it.
        translator: config of :class:`~cyclesr.models.translators.CycleGAN`, or of another translator whose G2 is one
            network; what it says of generators holds for G1.
        channels_last: memory format of all networks and images; ``auto`` asks the machine.
        average: decay of the averaged SR weights, which validation and inference use; 0 keeps none.
        compiled: networks that torch.compile translates, ``("translator.generators.to_real",)`` for instance.

    Raises:
        UserError: another SR network than ``Upscaled``.
    """

    sr: Upscaled

    def __init__(
        self,
        *,
        sr: dict[str, Any],
        translator: dict[str, Any],
        channels_last: ChannelsLast = False,
        average: float = 0.0,
        compiled: Sequence[str] = (),
        data_preprocessor: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(sr=sr, channels_last=channels_last, average=average, data_preprocessor=data_preprocessor)
        if not isinstance(self.sr, Upscaled):
            raise UserError(f"CycleGANSR needs model.sr.type='Upscaled', found {sr['type']!r}.")
        self.translator: Translator = self.as_memory_format(TRANSLATORS.build(translator))
        if getattr(self.translator, "low_frequency_lock", 0):
            raise UserError(
                "CycleGANSR cannot lock low frequencies, because its G2 is the SR network: leave out "
                "model.translator.low_frequency_lock."
            )
        self.translator.generators["to_syn"] = self.sr.network
        self.compile_networks(compiled)

    def parts(self) -> dict[str, nn.Module]:
        """Returns the translator's networks; G2 is the SR network, and the optimizer of ``generators`` trains it."""
        translator = dict(generators=self.translator.generators, discriminators=self.translator.discriminators)
        return {**super().parts(), **translator}

    def train_step(self, data: Batch, optim_wrapper: PartOptimizers) -> dict[str, torch.Tensor]:
        """Updates the generators, then the discriminators.

        Args:
            data: ``hr`` ``(N, 3, s*h, s*w)`` and ``real`` ``(N, 3, h, w)``, both in [0, 1].
            optim_wrapper: the optimizers ``generators`` and ``discriminators``.

        Returns:
            Every loss as a detached scalar, for the log.
        """
        hr, real = self.images(data, "hr", "real")
        with optim_wrapper.autocast(hr.device):
            large = self.sr.enlarge(real)
            t = self.translator.translate(hr, large)
            made = optim_wrapper.update(self.translator.generator_losses(hr, large, t), "generators")
            self.update_average(made.stepped)
            judged = optim_wrapper.update(self.translator.discriminator_losses(hr, large, t), "discriminators")
        return merge_losses(generators=made.losses, discriminators=judged.losses)

    @torch.no_grad()
    def preview(self, data: Batch) -> dict[str, torch.Tensor]:
        """Returns images of the first item of a batch, for the log: ``real`` and its SR, ``real_sr``."""
        (real,) = self.images({"real": data["real"][:1]}, "real")
        return dict(real=real, real_sr=self.forward(real))
