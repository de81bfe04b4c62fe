"""The adversarial terms of Eq. (2), for one domain or for both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cyclesr.models.losses.gan import GANMode, check_mode, discriminator_loss, generator_loss, r1_penalty
from cyclesr.models.losses.wasserstein import PENALTY_WEIGHT, gradient_penalty
from cyclesr.models.networks.image_channels import of_channels
from cyclesr.models.translators.base import batched
from cyclesr.registry import MODELS


@dataclass(frozen=True)
class Adversarial:
    """The adversarial loss of a translator: its mode and its weights.

    Attributes:
        mode: ``lsgan``, ``vanilla``, ``hinge`` or ``wgan-gp``, see :func:`~cyclesr.models.losses.gan.generator_loss`.
        weight: weight of the generators' loss; the discriminators' loss is not scaled by it.
        r1_weight: half of it times the R1 penalty on real images is added to each discriminator's loss.
        halved: whether the sum of a discriminator's real and fake term is halved, as in the code of CycleGAN.

    Raises:
        UserError: an unknown mode.
    """

    mode: GANMode = "lsgan"
    weight: float = 1.0
    r1_weight: float = 0.0
    halved: bool = False

    def __post_init__(self) -> None:
        check_mode(self.mode)

    def generator_losses(self, discriminators: nn.ModuleDict, fakes: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Returns what the generators minimise, ``loss_adv_<domain>``, for the fakes ``(N, 3, h, w)`` by domain."""
        return {
            f"loss_adv_{key}": self.weight * generator_loss(discriminators[key](fake), self.mode)
            for key, fake in fakes.items()
        }

    def discriminator_losses(
        self, discriminators: nn.ModuleDict, images: Mapping[str, Tensor], fakes: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """Returns what the discriminators minimise: ``loss_disc_<domain>``, ``loss_gp_<domain>``, ``loss_r1_<domain>``.

        Args:
            discriminators: by domain.
            images: true images ``(N, 3, h, w)`` by domain; those of domains without a fake are not used.
            fakes: ``(N, 3, h, w)`` by domain, taken as constants.
        """
        losses: dict[str, Tensor] = {}
        for key, fake in fakes.items():
            terms = discriminator_losses(discriminators[key], images[key], fake, self.mode, self.r1_weight)
            if self.halved:
                terms["disc"] = 0.5 * terms["disc"]
            losses |= {f"loss_{name}_{key}": term for name, term in terms.items()}
        return losses


def discriminator_losses(
    discriminator: nn.Module, image: Tensor, fake: Tensor, mode: GANMode, r1_weight: float
) -> dict[str, Tensor]:
    """Returns what one discriminator minimises: ``disc``, with ``wgan-gp`` also ``gp``, and ``r1`` if it has a weight.

    The images ``(N, 3, h, w)`` are taken as constants; ``gp`` and ``r1`` are weighted.
    """
    image = image.detach().requires_grad_(bool(r1_weight) and torch.is_grad_enabled())
    real_logits, fake_logits = batched(discriminator, (image,), (fake.detach(),))
    losses = {"disc": discriminator_loss(real_logits, fake_logits, mode)}
    if mode == "wgan-gp":
        losses["gp"] = PENALTY_WEIGHT * gradient_penalty(discriminator, image, fake)
    if r1_weight:
        losses["r1"] = 0.5 * r1_weight * r1_penalty(real_logits, image)
    return losses


def build_discriminators(
    kind: str,
    config: Mapping[str, Any] | None,
    domains: Sequence[str] = ("real", "syn"),
    image_channels: int = 3,
) -> nn.ModuleDict:
    """Builds one discriminator per domain, of type ``kind`` unless the config names another ``type``."""
    arguments = {"type": kind, **of_channels(image_channels), **(config or {})}
    return nn.ModuleDict({key: MODELS.build(dict(arguments)) for key in domains})
