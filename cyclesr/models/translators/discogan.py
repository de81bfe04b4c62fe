"""DiscoGAN (Kim et al., ICML 2017) as the translator of Eq. (2)."""

from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor

from cyclesr.descriptions import Paper
from cyclesr.models.losses.gan import GANMode
from cyclesr.models.translators.base import DirectionWeights
from cyclesr.models.translators.two_cycles import TwoCycles
from cyclesr.registry import TRANSLATORS


@TRANSLATORS.register_module()
class DiscoGAN(TwoCycles):
    """Two encoder-decoders and two discriminators; the original adversarial loss and cycles in mean squared error.

    Args:
        generator: arguments of :class:`~cyclesr.models.networks.Hourglass`, or of the ``type`` it names. Without
            ``residual`` an image has to pass the bottleneck, at a sixteenth of its resolution: it comes out as a
            different image of its kind.
        discriminator: arguments of :class:`~cyclesr.models.networks.PlainDiscriminator`, or of the ``type`` it names.
            The default judges the whole of a 64 px image and takes none smaller.
        cycle_weight: weight of MSE(rec_syn, syn) and MSE(rec_real, real), on images in [0, 1] as in the paper's code;
            one number, or ``dict(syn=, real=)``. A cycle of weight 0 is not computed.
        adversarial: the mode, see :class:`~cyclesr.models.translators.AdversarialTranslator`.
        shared: see :class:`~cyclesr.models.translators.AdversarialTranslator`.

    Differs from the paper's code: it adds feature matching (0.9, beside 0.1 of the adversarial loss), raises the weight
    of the cycles during training (0.01, then 0.5), and updates the discriminators at every third step. Its generators
    take images in [0, 1] and end in a sigmoid, where ours see [-1, 1] and end in tanh; its weights start as PyTorch has
    them, where ours start as N(0, 0.02).
    """

    PAPER: ClassVar[Paper] = Paper("Kim et al., ICML 2017", "https://arxiv.org/abs/1703.05192")
    TINY: ClassVar[dict[str, Any]] = dict(
        generator=dict(channels=8, num_down=2), discriminator=dict(channels=8, num_layers=2)
    )
    halved: ClassVar[bool] = True

    def __init__(
        self,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        *,
        cycle_weight: DirectionWeights = 1.0,
        adversarial: GANMode = "vanilla",
        **shared: Any,
    ) -> None:
        super().__init__(
            {"type": "Hourglass", **(generator or {})},
            {"type": "PlainDiscriminator", **(discriminator or {})},
            cycle_weight=cycle_weight,
            adversarial=adversarial,
            **shared,
        )

    def distance(self, rec: Tensor, image: Tensor) -> Tensor:
        """Returns the mean squared error."""
        return F.mse_loss(rec, image)
