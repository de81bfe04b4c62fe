"""DiscoGAN (Kim et al., ICML 2017), https://arxiv.org/abs/1703.05192, as the translator of Eq. (2)."""

from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor

from cyclesr.models.losses.gan import GANMode
from cyclesr.models.translators.base import DirectionWeights
from cyclesr.models.translators.two_cycles import TwoCycles
from cyclesr.registry import TRANSLATORS


@TRANSLATORS.register_module()
class DiscoGAN(TwoCycles):
    """Two encoder-decoders and two discriminators; the original adversarial loss and cycles in mean squared error.

    Args:
        generator: arguments of :class:`~cyclesr.models.networks.Hourglass`, or of the ``type`` it names.
        discriminator: arguments of :class:`~cyclesr.models.networks.PlainDiscriminator`, or of the ``type`` it names.
            The default judges the whole of a 64 px image and takes none smaller.
        residual: both generators predict the difference to their input, zero at the start. Without it an image has to
            pass the bottleneck, at a sixteenth of its resolution: it comes out as another one of its kind.
        noise_channels: channels of fresh N(0, 1) noise beside the input of ``to_real`` alone.
        adversarial: ``lsgan``, ``vanilla``, ``hinge`` or ``wgan-gp``.
        adversarial_weight: of the generators' adversarial loss; the discriminators' own loss is not scaled by it.
        cycle_weight: of MSE(rec_syn, syn) and MSE(rec_real, real), on images in [0, 1] as in the paper's code; one
            number, or ``dict(syn=, real=)``. A cycle of weight 0 is not computed.
        r1_weight: half of it times the R1 penalty on real images is added to each discriminator's loss.
        free_noise: feedback does not pull at the noise, see :class:`~cyclesr.models.translators.CycleGAN`.

    Differs from the paper's code: it adds feature matching (0.9, beside 0.1 of the adversarial loss), raises the weight
    of the cycles during training (0.01, then 0.5), and updates the discriminators at every third step. Its generators
    take images in [0, 1] and end in a sigmoid, where ours see [-1, 1] and end in tanh; its weights start as PyTorch has
    them, where ours start as N(0, 0.02).
    """

    TINY: ClassVar[dict[str, Any]] = dict(
        generator=dict(channels=8, num_down=2), discriminator=dict(channels=8, num_layers=2)
    )

    def __init__(
        self,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        residual: bool = False,
        noise_channels: int = 0,
        adversarial: GANMode = "vanilla",
        adversarial_weight: float = 1.0,
        cycle_weight: DirectionWeights = 1.0,
        r1_weight: float = 0.0,
        free_noise: bool = False,
    ) -> None:
        super().__init__(
            {"type": "Hourglass", **(generator or {})},
            {"type": "PlainDiscriminator", **(discriminator or {})},
            residual=residual,
            noise_channels=noise_channels,
            adversarial=adversarial,
            adversarial_weight=adversarial_weight,
            cycle_weight=cycle_weight,
            r1_weight=r1_weight,
            free_noise=free_noise,
            halved=True,
        )

    def distance(self, rec: Tensor, image: Tensor) -> Tensor:
        """The mean squared error."""
        return F.mse_loss(rec, image)
