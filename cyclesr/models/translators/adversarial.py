"""The adversarial terms of Eq. (2), of both domains or of one."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from cyclesr.models.losses.gan import GANMode, discriminator_loss, generator_loss, r1_penalty
from cyclesr.models.losses.wasserstein import PENALTY_WEIGHT, gradient_penalty
from cyclesr.models.translators.base import batched
from cyclesr.registry import MODELS


def build_discriminators(
    kind: str, config: Mapping[str, Any] | None, domains: Sequence[str] = ("real", "syn")
) -> nn.ModuleDict:
    """One discriminator for each domain, of a ``kind`` unless the config names another ``type``."""
    return nn.ModuleDict({key: MODELS.build({"type": kind, **(config or {})}) for key in domains})


def adversarial_losses(
    discriminators: nn.ModuleDict, fakes: Mapping[str, Tensor], mode: GANMode, weight: float
) -> dict[str, Tensor]:
    """What the generators minimise, by domain, times the weight."""
    return {f"loss_adv_{key}": weight * generator_loss(discriminators[key](fakes[key]), mode) for key in fakes}


def discriminator_losses(
    discriminator: nn.Module, image: Tensor, fake: Tensor, mode: GANMode, r1_weight: float
) -> dict[str, Tensor]:
    """What one discriminator minimises, its images as constants: ``disc``, ``gp`` of ``wgan-gp``, weighted ``r1``."""
    image = image.detach().requires_grad_(bool(r1_weight) and torch.is_grad_enabled())
    real_logits, fake_logits = batched(discriminator, (image,), (fake.detach(),))
    losses = {"disc": discriminator_loss(real_logits, fake_logits, mode)}
    if mode == "wgan-gp":
        losses["gp"] = PENALTY_WEIGHT * gradient_penalty(discriminator, image, fake)
    if r1_weight:
        losses["r1"] = 0.5 * r1_weight * r1_penalty(real_logits, image)
    return losses


def all_judge_losses(
    discriminators: nn.ModuleDict,
    images: Mapping[str, Tensor],
    fakes: Mapping[str, Tensor],
    mode: GANMode,
    r1_weight: float,
    halved: bool = False,
) -> dict[str, Tensor]:
    """What the discriminators of all fakes minimise, by domain; half of it where the paper's code halves it."""
    losses: dict[str, Tensor] = {}
    for key, fake in fakes.items():
        terms = discriminator_losses(discriminators[key], images[key], fake, mode, r1_weight)
        if halved:
            terms["disc"] = 0.5 * terms["disc"]
        losses |= {f"loss_{name}_{key}": term for name, term in terms.items()}
    return losses
