"""CycleGAN (Zhu et al., ICCV 2017), https://arxiv.org/abs/1703.10593, the translator of CycleSR."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.models.losses.gan import DISCRIMINATOR, GENERATOR, GanMode
from cyclesr.models.networks.discriminators import PatchDiscriminator
from cyclesr.models.networks.generators import ResNetGenerator
from cyclesr.models.networks.image_pool import ImagePool
from cyclesr.models.translators.base import Losses, Translation, Translator
from cyclesr.registry import TRANSLATORS


@TRANSLATORS.register_module()
class CycleGAN(Translator):
    """Two ResNet generators, two PatchGANs; adversarial, cycle and identity losses.

    Args:
        generator: arguments of :class:`ResNetGenerator`.
        discriminator: arguments of :class:`PatchDiscriminator`.
        adversarial: ``lsgan`` (CycleGAN), ``vanilla`` or ``hinge``.
        adversarial_weight: of both generators' adversarial terms.
        cycle_weight: of L1(rec_syn, syn) and of L1(rec_real, real).
        identity_weight: of L1(G1(real), real) and of L1(G2(syn), syn); CycleGAN's 0.5 * 10.
        pool_size: images kept in the history that each discriminator sees; 0 keeps none.
        residual: generators predict the difference to their input, zero at the start.
        noise_channels: of fresh noise beside the input of G1 alone. A deterministic G1 cannot make sensor noise.
            With noise, the cycle of ``real`` and the identity of G1 would punish noise, so they compare low-pass
            images (mean over 5x5).
        r1_weight: of the gradient penalty E|grad D(real)|^2 / 2 on both discriminators
            (https://arxiv.org/abs/1801.04406); 0 is none.

    Differs from CycleGAN: images are in [0, 1] at the interface, and the L1 weights refer to that range, as in the
    authors' release. The options ``residual``, ``noise_channels``, ``r1_weight`` and those of the discriminator
    are off by default.
    """

    def __init__(
        self,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        adversarial: GanMode = "lsgan",
        adversarial_weight: float = 1.0,
        cycle_weight: float = 10.0,
        identity_weight: float = 5.0,
        pool_size: int = 50,
        residual: bool = False,
        noise_channels: int = 0,
        r1_weight: float = 0.0,
    ) -> None:
        super().__init__()
        sizes = dict(generator or {}, residual=residual)
        self.generators = nn.ModuleDict(
            dict(to_real=ResNetGenerator(**sizes, noise_channels=noise_channels), to_syn=ResNetGenerator(**sizes))
        )
        self.discriminators = nn.ModuleDict({k: PatchDiscriminator(**(discriminator or {})) for k in ("real", "syn")})
        self.pools = nn.ModuleDict({k: ImagePool(pool_size) for k in ("real", "syn")})
        self.adversarial: GanMode = adversarial
        self.adversarial_weight = adversarial_weight
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.r1_weight = r1_weight
        self.is_noisy = noise_channels > 0

    def degrade(self, syn: Tensor) -> Tensor:
        """G1(syn)."""
        return self.generators["to_real"](syn)

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Both cycles, and the identity images where their loss counts."""
        to_real, to_syn = self.generators["to_real"], self.generators["to_syn"]
        fake_real, fake_syn = to_real(syn), to_syn(real)
        extra = dict(same_real=to_real(real), same_syn=to_syn(syn)) if self.identity_weight else {}
        return Translation(fake_real, fake_syn, to_syn(fake_real), to_real(fake_syn), extra)

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> Losses:
        """Adversarial, cycle and identity terms."""
        losses = dict(
            loss_adv_real=self.adversarial_weight * self._adversarial("real", t.fake_real),
            loss_adv_syn=self.adversarial_weight * self._adversarial("syn", t.fake_syn),
            loss_cycle_syn=self.cycle_weight * F.l1_loss(t.rec_syn, syn),
            loss_cycle_real=self.cycle_weight * self._distance_of_real(t.rec_real, real),
        )
        if self.identity_weight:
            losses["loss_identity_real"] = self.identity_weight * self._distance_of_real(t.extra["same_real"], real)
            losses["loss_identity_syn"] = self.identity_weight * F.l1_loss(t.extra["same_syn"], syn)
        return losses

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> Losses:
        """Each discriminator on its own images and on the history of generated ones."""
        losses = {}
        for name, image, fake in (("real", real, t.fake_real), ("syn", syn, t.fake_syn)):
            discriminator = self.discriminators[name]
            image = image.detach().requires_grad_(self.r1_weight > 0)
            logits = discriminator(image)
            losses[f"loss_disc_{name}"] = DISCRIMINATOR[self.adversarial](logits, discriminator(self.pools[name](fake)))
            if self.r1_weight:
                losses[f"loss_r1_{name}"] = self.r1_weight * r1_penalty(logits, image)
        return losses

    def _adversarial(self, domain: str, fake: Tensor) -> Tensor:
        return GENERATOR[self.adversarial](self.discriminators[domain](fake))

    def _distance_of_real(self, image: Tensor, real: Tensor) -> Tensor:
        if not self.is_noisy:
            return F.l1_loss(image, real)
        return F.l1_loss(F.avg_pool2d(image, 5, 1), F.avg_pool2d(real, 5, 1))


def r1_penalty(logits: Tensor, image: Tensor) -> Tensor:
    """Half the squared norm of the gradient of D at real images, mean of the batch; differentiable.

    Args:
        logits: D(image), ``(N, 1, h', w')``; each image counts by the mean of its logits.
        image: ``(N, 3, h, w)``, requires grad.
    """
    (gradient,) = torch.autograd.grad(logits.float().mean((1, 2, 3)).sum(), image, create_graph=True)
    return 0.5 * gradient.square().sum((1, 2, 3)).mean()
