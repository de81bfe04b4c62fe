"""DualGAN (Yi et al., ICCV 2017) as the translator of Eq. (2)."""

from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor

from cyclesr.descriptions import Paper
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
            ``type`` it names. Its dropout also acts in :meth:`degrade`, as in the paper; ``dropout=0`` makes
            ``fake_real`` deterministic. ``free_noise`` concerns only the noise of ``noise_channels``.
        discriminator: arguments of :class:`~cyclesr.models.networks.PatchDiscriminator`, or of the ``type`` it names.
        cycle_weight: weight of L1(rec_syn, syn) and L1(rec_real, real), on images in [0, 1]; one number, or
            ``dict(syn=, real=)``. The paper's are between 100 and 1000. A cycle of weight 0 is not computed.
        adversarial: the mode, see :class:`~cyclesr.models.translators.AdversarialTranslator`.
        shared: see :class:`~cyclesr.models.translators.AdversarialTranslator`.

    Differs from the paper: a gradient penalty instead of clipped weights; one step of the critics for each step of the
    generators, where the paper has two to four. Images, hence the L1 losses, are in [0, 1], where an L1 of 10 counts as
    5 would in [-1, 1]. Norms have no affine parameters. The paper's code has the original losses instead of Wasserstein
    losses, with cycles of weight 20.
    """

    PAPER: ClassVar[Paper] = Paper("Yi et al., ICCV 2017", "https://arxiv.org/abs/1704.02510")
    TINY: ClassVar[dict[str, Any]] = dict(
        generator=dict(channels=8, num_down=2), discriminator=dict(channels=8, num_layers=1)
    )

    def __init__(
        self,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        *,
        cycle_weight: DirectionWeights = 100.0,
        adversarial: GANMode = "wgan-gp",
        **shared: Any,
    ) -> None:
        super().__init__(
            with_defaults(UNET, generator),
            {"type": "PatchDiscriminator", **(discriminator or {})},
            cycle_weight=cycle_weight,
            adversarial=adversarial,
            **shared,
        )

    def distance(self, rec: Tensor, image: Tensor) -> Tensor:
        """Returns L1."""
        return F.l1_loss(rec, image)
