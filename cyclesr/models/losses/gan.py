"""Adversarial losses, from logits to scalars."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from cyclesr.errors import UserError, did_you_mean

Logits: TypeAlias = Tensor | Sequence[Tensor]
GANMode = Literal["lsgan", "vanilla", "hinge", "wgan-gp"]
GAN_MODES = ("lsgan", "vanilla", "hinge", "wgan-gp")


def generator_loss(fake: Logits, mode: GANMode) -> Tensor:
    """What the generator minimises.

    Args:
        fake: the discriminator's logits of fakes, any shape; those of several scales are summed (UNIT).
        mode: ``lsgan`` (Mao et al. 2017, targets 0 and 1), ``vanilla`` (Goodfellow et al. 2014, non-saturating),
            ``hinge`` (Lim & Ye 2017) or ``wgan-gp`` (Gulrajani et al. 2017; logits are heights of a critic).
    """
    if not isinstance(fake, Tensor):
        return torch.stack([generator_loss(scale, mode) for scale in fake]).sum()
    if mode == "lsgan":
        return (fake - 1).square().mean()
    if mode == "vanilla":
        return F.softplus(-fake).mean()
    return -fake.mean()


def discriminator_loss(real: Logits, fake: Logits, mode: GANMode) -> Tensor:
    """What the discriminator minimises: the sum of its term for real and its term for fake logits.

    ``wgan-gp`` needs :func:`~cyclesr.models.losses.wasserstein.gradient_penalty` besides.
    """
    if not isinstance(real, Tensor):
        return torch.stack([discriminator_loss(r, f, mode) for r, f in zip(real, fake, strict=True)]).sum()
    assert isinstance(fake, Tensor), "real and fake logits come from one discriminator"
    if mode == "lsgan":
        return (real - 1).square().mean() + fake.square().mean()
    if mode == "vanilla":
        return F.softplus(-real).mean() + F.softplus(fake).mean()
    if mode == "hinge":
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()
    return fake.mean() - real.mean()


def relativistic_generator_loss(real: Tensor, fake: Tensor) -> Tensor:
    r"""What the generator of the relativistic average GAN minimises, :math:`L_{adv}` of Eq. (3).

    .. math:: -E_r[\log(1 - \sigma(r - \bar f))] - E_f[\log \sigma(f - \bar r)]

    It is :func:`relativistic_discriminator_loss` with the roles exchanged. The means are over the batch that is given:
    micro-batches and the ranks of a distributed training each have their own, as with batch norm.

    Args:
        real: the discriminator's logits of HR images, any shape.
        fake: those of SR images, the same shape.

    Source: Jolicoeur-Martineau 2019; ESRGAN (Wang et al. 2018), Sec. 3.2.
    """
    return relativistic_discriminator_loss(fake, real)


def relativistic_discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    r"""What the discriminator of the relativistic average GAN minimises.

    .. math:: -E_r[\log \sigma(r - \bar f)] - E_f[\log(1 - \sigma(f - \bar r))]

    Args and source: see :func:`relativistic_generator_loss`.
    """
    return F.softplus(fake.mean() - real).mean() + F.softplus(fake - real.mean()).mean()


def r1_penalty(logits: Logits, image: Tensor) -> Tensor:
    """Squared gradient of the logits' sum by the image, summed over channels, averaged over pixels (Mescheder 2018).

    Args:
        logits: of real images, any shape, or of several scales.
        image: ``(N, 3, H, W)``, the input that ``logits`` were computed from; it must require gradients.

    Differs from Mescheder et al.: they have one logit an image and sum over the pixels; with one logit a patch the
    mean over the pixels does not depend on the crop size.
    """
    scales = [logits] if isinstance(logits, Tensor) else logits
    total = torch.stack([scale.float().sum() for scale in scales]).sum()
    (gradient,) = torch.autograd.grad(total, image, create_graph=True)
    return gradient.square().sum(dim=1).mean()


def check_mode(mode: str) -> None:
    """Raises UserError for a mode that there is not."""
    if mode not in GAN_MODES:
        raise UserError(
            f"adversarial must be one of {', '.join(GAN_MODES)}, found {mode!r}.{did_you_mean(mode, GAN_MODES)}"
        )
