"""Adversarial losses: scalars computed from the logits of discriminators."""

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
    """Returns the adversarial loss of the generator.

    Args:
        fake: logits of the discriminator for fakes, of any shape. For a list of logits of several scales, the losses of
            the scales are summed (UNIT).
        mode: ``lsgan`` (Mao et al. 2017, targets 0 and 1), ``vanilla`` (Goodfellow et al. 2014, non-saturating),
            ``hinge`` (Lim & Ye 2017) or ``wgan-gp`` (Gulrajani et al. 2017; the logits are the scores of a critic).
    """
    if not isinstance(fake, Tensor):
        return torch.stack([generator_loss(scale, mode) for scale in fake]).sum()
    if mode == "lsgan":
        return (fake - 1).square().mean()
    if mode == "vanilla":
        return F.softplus(-fake).mean()
    return -fake.mean()


def discriminator_loss(real: Logits, fake: Logits, mode: GANMode) -> Tensor:
    """Returns the loss of the discriminator: its term for real logits plus its term for fake logits.

    With ``wgan-gp``, add :func:`~cyclesr.models.losses.wasserstein.gradient_penalty`.
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
    r"""Returns the loss of the generator of the relativistic average GAN, :math:`L_{adv}` of Eq. (3).

    .. math:: -E_r[\log(1 - \sigma(r - \bar f))] - E_f[\log \sigma(f - \bar r)]

    It is :func:`relativistic_discriminator_loss` with the roles exchanged. The means are over the given batch: each
    micro-batch and each rank of a distributed training has its own mean, as with batch norm.

    Args:
        real: logits of the discriminator for HR images, of any shape.
        fake: logits for SR images, of the same shape.

    Source: Jolicoeur-Martineau 2019; ESRGAN (Wang et al. 2018), Sec. 3.2.
    """
    return relativistic_discriminator_loss(fake, real)


def relativistic_discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    r"""Returns the loss of the discriminator of the relativistic average GAN.

    .. math:: -E_r[\log \sigma(r - \bar f)] - E_f[\log(1 - \sigma(f - \bar r))]

    Args and source: see :func:`relativistic_generator_loss`.
    """
    return F.softplus(fake.mean() - real).mean() + F.softplus(fake - real.mean()).mean()


def r1_penalty(logits: Logits, image: Tensor) -> Tensor:
    """Returns the R1 penalty (Mescheder et al. 2018) of a patch discriminator.

    It is the squared gradient of the sum of the logits with respect to the image, summed over channels and averaged
    over pixels and images.

    Args:
        logits: logits of real images, of any shape, or a list of the logits of several scales.
        image: ``(N, 3, H, W)``, the input that ``logits`` were computed from; it must require gradients.

    Differs from Mescheder et al.: they have one logit per image and sum over the pixels. With one logit per patch, the
    mean over the pixels does not depend on the crop size.
    """
    scales = [logits] if isinstance(logits, Tensor) else logits
    total = torch.stack([scale.float().sum() for scale in scales]).sum()
    (gradient,) = torch.autograd.grad(total, image, create_graph=True)
    return gradient.square().sum(dim=1).mean()


def check_mode(mode: str) -> None:
    """Raises UserError for an unknown mode."""
    if mode not in GAN_MODES:
        raise UserError(
            f"adversarial must be one of {', '.join(GAN_MODES)}, found {mode!r}.{did_you_mean(mode, GAN_MODES)}"
        )
