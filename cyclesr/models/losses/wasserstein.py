"""The penalty of Wasserstein GANs; their losses are the mode ``wgan-gp`` of :mod:`cyclesr.models.losses.gan`."""

from collections.abc import Callable

import torch
from torch import Tensor

from cyclesr.models.losses.gan import Logits

PENALTY_WEIGHT = 10.0  # Gulrajani et al. 2017, Sec. 4


def gradient_penalty(critic: Callable[[Tensor], Logits], real: Tensor, fake: Tensor) -> Tensor:
    """How far a critic's slope is from 1 between real images and fakes (Gulrajani et al. 2017, Eq. 3), in float32.

    Its gradient with respect to the critic's weights goes through the slope: a double backward. A critic of patches
    stands for the paper's one number an image by the mean over its patches.

    Args:
        critic: without batch norm, which would make an image's slope depend on the others.
        real: ``(N, 3, H, W)``, a constant.
        fake: the same.

    Returns:
        The mean over the images of (slope - 1)^2 at a random point between ``real`` and ``fake``, without its weight;
        each scale of a critic with several is a critic of its own, and they are summed.
    """
    mix = torch.rand(len(real), 1, 1, 1, dtype=real.dtype, device=real.device)
    between = torch.lerp(fake.detach(), real.detach(), mix).requires_grad_(True)
    with torch.autocast(real.device.type, enabled=False):
        heights = critic(between)
        scales = [heights] if isinstance(heights, Tensor) else heights
        return torch.stack([(_slope(scale, between) - 1).square().mean() for scale in scales]).sum()


def _slope(heights: Tensor, image: Tensor) -> Tensor:
    """The length of the gradient of each image's mean height, ``(N,)``."""
    total = heights.reshape(len(image), -1).mean(dim=1).sum()
    (gradient,) = torch.autograd.grad(total, image, create_graph=True)
    return torch.linalg.vector_norm(gradient.flatten(1), dim=1)
