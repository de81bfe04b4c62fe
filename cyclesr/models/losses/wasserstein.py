"""Adversarial losses of a critic, whose outputs are no logits but heights (Arjovsky et al. 2017), and its penalty.

The critic's mean output stands for the paper's one number an image; so a critic of patches fits too.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from cyclesr.models.losses.gan import Logits
from cyclesr.models.losses.precision import full


def critic_loss(real: Logits, fake: Logits) -> Tensor:
    """What the critic minimises: its mean on fakes less its mean on real images; several scales are summed."""
    return generator_loss(real) - generator_loss(fake)


def generator_loss(fake: Logits) -> Tensor:
    """What the generator minimises: the critic's mean on its fakes, negated; several scales are summed."""
    return -torch.stack([scale.mean() for scale in _scales(fake)]).sum()


def gradient_penalty(critic: Callable[[Tensor], Logits], real: Tensor, fake: Tensor) -> Tensor:
    """How far the critic's slope is from 1 between real images and fakes (Gulrajani et al. 2017, Eq. 3).

    Its own gradient with respect to the critic's weights goes through the slope: a double backward.

    Args:
        critic: without batch norm, which would make an image's slope depend on the others.
        real: ``(N, 3, H, W)``, a constant.
        fake: the same.

    Returns:
        The mean over the images of (slope - 1)^2 at a random point between ``real`` and ``fake``, without the
        paper's weight of 10; each scale of a critic with several is a critic of its own, and they are summed.
    """
    mix = torch.rand(len(real), 1, 1, 1, dtype=real.dtype, device=real.device)
    between = torch.lerp(fake.detach(), real.detach(), mix).requires_grad_(True)
    return torch.stack([(_slope(scale, between) - 1).square().mean() for scale in _scales(critic(between))]).sum()


def _slope(heights: Tensor, image: Tensor) -> Tensor:
    """The length of the gradient of each image's mean height, ``(N,)``."""
    total = full(heights)[0].reshape(len(image), -1).mean(dim=1).sum()
    (gradient,) = torch.autograd.grad(total, image, create_graph=True)
    return torch.linalg.vector_norm(gradient.flatten(1), dim=1)


def _scales(heights: Logits) -> list[Tensor]:
    return [heights] if isinstance(heights, Tensor) else list(heights)
