"""The gradient penalty of WGAN-GP; its losses are the mode ``wgan-gp`` of :mod:`cyclesr.models.losses.gan`."""

from collections.abc import Callable

import torch
from torch import Tensor

from cyclesr.models.losses.gan import Logits

PENALTY_WEIGHT = 10.0  # Gulrajani et al. 2017, Sec. 4


def gradient_penalty(critic: Callable[[Tensor], Logits], real: Tensor, fake: Tensor) -> Tensor:
    """Returns the gradient penalty of a critic (Gulrajani et al. 2017, Eq. 3), computed in float32, without its weight.

    It is the mean over the images of (slope - 1)^2, where the slope is the norm of the critic's gradient at a random
    point between ``real`` and ``fake``. The gradient of the penalty with respect to the critic's weights is a double
    backward. For a patch critic, the score of an image is the mean over its patches. For a critic with several scales,
    the penalties of the scales are summed.

    Args:
        critic: a network without batch norm, because batch norm makes the slope of an image depend on the others.
        real: real images ``(N, 3, H, W)``, treated as constants.
        fake: fake images of the same shape, treated as constants.
    """
    mix = torch.rand(len(real), 1, 1, 1, dtype=real.dtype, device=real.device)
    between = torch.lerp(fake.detach(), real.detach(), mix).requires_grad_(True)
    with torch.autocast(real.device.type, enabled=False):
        heights = critic(between)
        scales = [heights] if isinstance(heights, Tensor) else heights
        return torch.stack([(_slope(scale, between) - 1).square().mean() for scale in scales]).sum()


def _slope(heights: Tensor, image: Tensor) -> Tensor:
    """Returns the norm of the gradient of each image's mean score with respect to the image, ``(N,)``."""
    total = heights.reshape(len(image), -1).mean(dim=1).sum()
    (gradient,) = torch.autograd.grad(total, image, create_graph=True)
    return torch.linalg.vector_norm(gradient.flatten(1), dim=1)
