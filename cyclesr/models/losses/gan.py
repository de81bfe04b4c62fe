"""Adversarial losses as pure functions of logits; scalars."""

from collections.abc import Callable
from typing import Literal

import torch.nn.functional as F
from torch import Tensor

GanMode = Literal["lsgan", "vanilla", "hinge"]


def lsgan_generator(fake: Tensor) -> Tensor:
    """Least squares, https://arxiv.org/abs/1611.04076: mean (D(fake) - 1)^2."""
    return (fake - 1).square().mean()


def lsgan_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Half of mean (D(real) - 1)^2 + mean D(fake)^2, the half as in CycleGAN."""
    return 0.5 * ((real - 1).square().mean() + fake.square().mean())


def vanilla_generator(fake: Tensor) -> Tensor:
    """Non-saturating cross-entropy: -mean log sigmoid D(fake)."""
    return F.softplus(-fake).mean()


def vanilla_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Cross-entropy: -mean log sigmoid D(real) - mean log(1 - sigmoid D(fake)), halved."""
    return 0.5 * (F.softplus(-real).mean() + F.softplus(fake).mean())


def hinge_generator(fake: Tensor) -> Tensor:
    """-mean D(fake)."""
    return -fake.mean()


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Mean relu(1 - D(real)) + mean relu(1 + D(fake)), halved."""
    return 0.5 * (F.relu(1 - real).mean() + F.relu(1 + fake).mean())


GENERATOR: dict[str, Callable[[Tensor], Tensor]] = {
    "lsgan": lsgan_generator,
    "vanilla": vanilla_generator,
    "hinge": hinge_generator,
}
DISCRIMINATOR: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "lsgan": lsgan_discriminator,
    "vanilla": vanilla_discriminator,
    "hinge": hinge_discriminator,
}
