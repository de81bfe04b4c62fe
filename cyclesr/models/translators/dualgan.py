"""DualGAN (Yi et al., ICCV 2017), https://arxiv.org/abs/1704.02510, as the translator of Eq. (2)."""

from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor

from cyclesr.models.losses.gan import GANMode
from cyclesr.models.translators.base import DirectionWeights, with_defaults
from cyclesr.models.translators.two_cycles import TwoCycles
from cyclesr.registry import TRANSLATORS

UNET = dict(type="Hourglass", num_down=8, skips=True, kernel=5, norm="instance", dropout=0.5)


@TRANSLATORS.register_module()
class DualGAN(TwoCycles):
    """Two U-Nets and two critics; Wasserstein losses and cycles in L1.

    Args:
        generator: arguments of :class:`~cyclesr.models.networks.Hourglass`, by default DualGAN's U-Net, or of the
            ``type`` it names. Its dropout acts in :meth:`degrade` too, as in the paper: ``dropout=0`` makes
            ``fake_real`` certain.
        discriminator: arguments of :class:`~cyclesr.models.networks.PatchDiscriminator`, or of the ``type`` it names.
        residual: both generators predict the difference to their input, zero at the start.
        noise_channels: channels of fresh N(0, 1) noise beside the input of ``to_real`` alone.
        adversarial: ``lsgan``, ``vanilla``, ``hinge`` or ``wgan-gp``.
        adversarial_weight: of the generators' adversarial loss; the critics' own loss is not scaled by it.
        cycle_weight: of L1(rec_syn, syn) and L1(rec_real, real), on images in [0, 1]; one number, or
            ``dict(syn=, real=)``. The paper's are between 100 and 1000. A cycle of weight 0 is not computed.
        r1_weight: half of it times the R1 penalty on real images is added to each critic's loss.
        free_noise: feedback does not pull at the noise of ``noise_channels``, see
            :class:`~cyclesr.models.translators.CycleGAN`.

    Differs from the paper: the gradient penalty in place of clipped weights; one step of the critics for each of the
    generators, where the paper has two to four. Images, hence the L1 losses, are in [0, 1], where an L1 of 10 counts as
    5 would in [-1, 1]. Norms have no affine parameters. The paper's code has, in place of Wasserstein losses, the
    original ones, with cycles of weight 20.
    """

    TINY: ClassVar[dict[str, Any]] = dict(
        generator=dict(channels=8, num_down=2), discriminator=dict(channels=8, num_layers=1)
    )

    def __init__(
        self,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        residual: bool = False,
        noise_channels: int = 0,
        adversarial: GANMode = "wgan-gp",
        adversarial_weight: float = 1.0,
        cycle_weight: DirectionWeights = 100.0,
        r1_weight: float = 0.0,
        free_noise: bool = False,
    ) -> None:
        super().__init__(
            with_defaults(UNET, generator),
            {"type": "PatchDiscriminator", **(discriminator or {})},
            residual=residual,
            noise_channels=noise_channels,
            adversarial=adversarial,
            adversarial_weight=adversarial_weight,
            cycle_weight=cycle_weight,
            r1_weight=r1_weight,
            free_noise=free_noise,
            halved=False,
        )

    def distance(self, rec: Tensor, image: Tensor) -> Tensor:
        """L1."""
        return F.l1_loss(rec, image)
