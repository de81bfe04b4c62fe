"""DASR's weights of the SR loss: each place counts by how real the LR image looks there."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError
from cyclesr.models.losses.gan import GANMode
from cyclesr.models.losses.terms import takes_pixel_weights
from cyclesr.models.losses.weighted_sum import SumOfLosses
from cyclesr.models.translators.adversarial import Adversarial, discriminator_losses
from cyclesr.models.translators.base import Translator, with_defaults
from cyclesr.registry import MODELS

JUDGE = dict(type="PatchDiscriminator", channels=32, num_layers=1, norm="instance", high_pass=5, init="default")


@MODELS.register_module()
class RealnessWeighting(nn.Module):
    """Weights of the pixels of the SR loss, from a discriminator between ``real`` and ``fake_real``.

    Where ``fake_real`` does not look like a real image, the SR network would learn a degradation that does not occur.
    The discriminator's probability that a place is real, enlarged to HR, is the weight of the SR loss there. Each image
    has weights of mean 1, so that micro-batches and ranks weight as the whole batch does.

    Args:
        discriminator: a discriminator of its own, trained as the part ``realness_discriminator``: arguments of
            :class:`~cyclesr.models.networks.PatchDiscriminator`, by default a small one that sees only fine structure,
            or of the ``type`` it names. None takes the translator's discriminator of ``real``.
        floor: weight, before the division by the mean, of what certainly does not look real.

    Raises:
        UserError: ``floor`` is not in (0, 1].

    Source: Wei et al., CVPR 2021.

    Differs from the paper: the discriminator can be the translator's; it sees images minus their local mean instead of
    wavelets; images have mean weight 1; only the pixel loss is weighted.
    """

    PAPER: ClassVar[Paper] = Paper("Wei et al., CVPR 2021", "https://arxiv.org/abs/2004.01178")

    def __init__(self, discriminator: Mapping[str, Any] | None = None, floor: float = 0.1) -> None:
        super().__init__()
        if not 0 < floor <= 1:
            raise UserError(f"weighting.floor must be above 0 and at most 1, found {floor:g}.")
        self.discriminator = None if discriminator is None else MODELS.build(with_defaults(JUDGE, discriminator))
        self.floor = floor

    @torch.no_grad()
    def forward(self, lr: Tensor, hr: Tensor, translator: Translator) -> Tensor:
        """Returns the weights ``(N, 1, H, W)`` of the pixels of ``hr``, without gradients.

        The discriminator judges as in inference: without the noise on its input, and its statistics stay.

        Args:
            lr: ``fake_real`` ``(N, 3, h, w)``.
            hr: ``(N, 3, H, W)``, for its size.
            translator: whose discriminator judges if there is no own one.

        Raises:
            UserError: the discriminator has one logit for the whole image.
        """
        judge = translator.discriminators["real"] if self.discriminator is None else self.discriminator
        mode = mode_of(translator) if self.discriminator is None else "vanilla"
        was_training = judge.training
        found = judge.eval()(lr)
        judge.train(was_training)
        maps = [found] if isinstance(found, Tensor) else list(found)
        if any(scale.dim() != 4 for scale in maps):
            raise UserError(f"weighting needs a discriminator with a map of logits, not {type(judge).__name__}.")
        enlarged = [F.interpolate(probability(x.float(), mode), size=hr.shape[-2:], mode="bilinear") for x in maps]
        weights = self.floor + (1 - self.floor) * torch.stack(enlarged).mean(0)
        return weights / weights.mean((1, 2, 3), keepdim=True)

    def discriminator_losses(self, real: Tensor, fake_real: Tensor) -> dict[str, Tensor]:
        """Returns what the own discriminator minimises; both images ``(N, 3, h, w)`` are taken as constants."""
        if self.discriminator is None:
            return {}
        return {"loss_realness": discriminator_losses(self.discriminator, real, fake_real, "vanilla", 0.0)["disc"]}


def probability(logits: Tensor, mode: GANMode) -> Tensor:
    """Returns the probability of ``real`` that the logits of a discriminator stand for.

    ``lsgan`` trains them towards 0 and 1, ``hinge`` towards -1 and 1.
    """
    if mode == "lsgan":
        return logits.clamp(0, 1)
    return ((logits + 1) / 2).clamp(0, 1) if mode == "hinge" else logits.sigmoid()


def mode_of(translator: Translator) -> GANMode:
    """Returns the mode of a translator's adversarial loss, ``vanilla`` for one that does not say."""
    adversarial = getattr(translator, "adversarial", None)
    return adversarial.mode if isinstance(adversarial, Adversarial) else "vanilla"


def build_weighting(config: Mapping[str, Any], translator: Translator, sr_loss: nn.Module | None) -> RealnessWeighting:
    """Builds a weighting, with a discriminator of its own if the translator has none for ``real``.

    Raises:
        UserError: the SR loss has no term that can be weighted, or the translator's discriminator is a critic.
    """
    terms = list(sr_loss.terms.values()) if isinstance(sr_loss, SumOfLosses) else [sr_loss]
    if not any(term is not None and takes_pixel_weights(term) for term in terms):
        raise UserError(
            f"weighting needs an SR loss of single pixels, found {type(sr_loss).__name__}: take MSELoss, L1Loss, "
            "CharbonnierLoss, or a SumOfLosses with one of them."
        )
    own = config.get("discriminator")
    if own is None and "real" not in translator.discriminators:
        own = {}
    if own is None and mode_of(translator) == "wgan-gp":
        raise UserError(
            "weighting needs probabilities, and a critic of wgan-gp gives none: set weighting.discriminator=dict()."
        )
    weighting: RealnessWeighting = MODELS.build({"type": "RealnessWeighting", **config, "discriminator": own})
    return weighting
