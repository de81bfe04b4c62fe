"""CUT and FastCUT (Park et al., ECCV 2020), https://arxiv.org/abs/2007.15651: one direction, held by contrast."""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.losses.contrastive import patch_nce
from cyclesr.models.losses.gan import GANMode, check_mode
from cyclesr.models.networks.resnet_generator import ResNetGenerator
from cyclesr.models.translators.adversarial import adversarial_losses, all_judge_losses, build_discriminators
from cyclesr.models.translators.base import Translation, Translator, batched, check_free_noise
from cyclesr.models.translators.cut.patch_head import PatchHead
from cyclesr.registry import MODELS, TRANSLATORS

LAYERS = (0, 4, 7, 10, 14)  # the image, both strided convolutions, the first and the fifth block


@TRANSLATORS.register_module()
class CUT(Translator):
    """One generator, one discriminator; each place of ``fake_real`` must be told from others by its place of ``syn``.

    The generator's own feature maps are compared, each through a head of its own: the heads are in ``generators``,
    whose optimizer trains them.

    Args:
        generator: arguments of :class:`~cyclesr.models.networks.ResNetGenerator`, or of the ``type`` it names, which
            must have its methods ``encode``, ``with_features`` and ``feature_channels``.
        discriminator: arguments of :class:`~cyclesr.models.networks.PatchDiscriminator`, or of the ``type`` it names.
        residual: G1 predicts the difference to its input, zero at the start.
        noise_channels: channels of fresh N(0, 1) noise beside the generator's input.
        adversarial: ``lsgan``, ``vanilla``, ``hinge`` or ``wgan-gp``.
        adversarial_weight: of G1's adversarial loss; the discriminator's own loss is not scaled by it.
        contrastive_weight: of PatchNCE between ``syn`` and ``fake_real``, the mean over the layers.
        identity_weight: of PatchNCE between ``real`` and G1(real), alike; at 0 G1(real) is not computed.
        layers: of the generator, see :meth:`ResNetGenerator.encode`.
        head_width: of the heads' layers.
        num_patches: places of each map and image that are compared with each other.
        temperature: of the softmax.
        flip: half of the steps G1 sees mirrored images, and their features are held against those of the unmirrored
            ones (FastCUT); ``fake_real`` is mirrored back.
        r1_weight: half of it times the R1 penalty on real images is added to the discriminator's loss.
        free_noise: feedback does not pull at the noise, see :class:`~cyclesr.models.translators.CycleGAN`.

    Differs from the paper's code: it halves both PatchNCE terms of CUT, and blurs before it halves and after it doubles
    the resolution; weights start as CycleGAN's.
    """

    TINY: ClassVar[dict[str, Any]] = dict(
        generator=dict(channels=8, num_blocks=1, num_down=1),
        discriminator=dict(channels=8, num_layers=1),
        layers=(0, 4, 7),
        head_width=8,
        num_patches=16,
    )

    def __init__(
        self,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        residual: bool = False,
        noise_channels: int = 0,
        adversarial: GANMode = "lsgan",
        adversarial_weight: float = 1.0,
        contrastive_weight: float = 1.0,
        identity_weight: float = 1.0,
        layers: Sequence[int] = LAYERS,
        head_width: int = 256,
        num_patches: int = 256,
        temperature: float = 0.07,
        flip: bool = False,
        r1_weight: float = 0.0,
        free_noise: bool = False,
    ) -> None:
        super().__init__()
        check_mode(adversarial)
        check_free_noise(free_noise, noise_channels)
        own = dict(residual=residual, noise_channels=noise_channels)
        to_real = MODELS.build({"type": "ResNetGenerator", **(generator or {}), **own})
        if not hasattr(to_real, "feature_channels"):
            raise UserError(
                f"{type(self).__name__} compares the feature maps of its generator, and {type(to_real).__name__} shows "
                "none: take generator.type='ResNetGenerator'."
            )
        heads = nn.ModuleList(PatchHead(channels, head_width) for channels in to_real.feature_channels(layers))
        self.generators = nn.ModuleDict({"to_real": to_real, "heads": heads})
        self.discriminators = build_discriminators("PatchDiscriminator", discriminator, ["real"])
        self.layers = tuple(layers)
        self.adversarial: GANMode = adversarial
        self.adversarial_weight = adversarial_weight
        self.weights = dict(syn=contrastive_weight, real=identity_weight)
        self.num_patches = num_patches
        self.temperature = temperature
        self.flip = flip
        self.r1_weight = r1_weight
        self.free_noise = free_noise

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """``fake_real``; ``extra`` has the feature maps ``key_*`` of sources and ``query_*`` of what was made of them.

        They are numbered by layer, of ``syn`` and, where weighted, of ``real``. With ``free_noise``, ``quiet_real`` is
        ``fake_real`` less its noise.
        """
        to_real = cast(ResNetGenerator, self.generators["to_real"])
        sources = dict(syn=syn, real=real) if self.weights["real"] else dict(syn=syn)
        mirrored = self.flip and torch.rand(()).item() < 0.5
        seen = [(_mirror(image, mirrored),) for image in sources.values()]
        passes = batched(to_real, *seen, run=partial(to_real.with_features, layers=self.layers))
        encode = partial(to_real.encode, layers=self.layers)
        queries = batched(to_real, *[(made[0],) for made in passes], run=encode)
        keys = [made[1:] for made in passes]
        if mirrored:
            with torch.no_grad():
                keys = batched(to_real, *[(image,) for image in sources.values()], run=encode)
        extra: dict[str, Tensor] = {}
        for domain, key, query in zip(sources, keys, queries, strict=True):
            extra |= {f"key_{domain}_{i}": features.detach() for i, features in enumerate(key)}
            extra |= {f"query_{domain}_{i}": _mirror(features, mirrored) for i, features in enumerate(query)}
        if self.free_noise:
            extra["quiet_real"] = _mirror(to_real(seen[0][0], noise_level=0.0), mirrored)
        return Translation(_mirror(passes[0][0], mirrored), extra=extra)

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """The adversarial term, and PatchNCE where weighted."""
        losses = adversarial_losses(self.discriminators, t.fakes(), self.adversarial, self.adversarial_weight)
        for domain, weight in self.weights.items():
            if weight:
                losses[f"loss_nce_{domain}"] = weight * self._contrast(t, domain)
        return losses

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Half the sum of the real and the fake term, and R1 where weighted."""
        return all_judge_losses(
            self.discriminators, dict(real=real), t.fakes(), self.adversarial, self.r1_weight, halved=True
        )

    def _contrast(self, t: Translation, domain: str) -> Tensor:
        """PatchNCE at random places, the same of all images of a batch; the mean over the layers."""
        terms = []
        for i, head in enumerate(cast(nn.ModuleList, self.generators["heads"])):
            key, query = (t.extra[f"{side}_{domain}_{i}"] for side in ("key", "query"))
            places = torch.randperm(key[0, 0].numel())[: self.num_patches].to(key.device)
            terms.append(patch_nce(head(query, places), head(key, places), self.temperature))
        return torch.stack(terms).mean()


@TRANSLATORS.register_module()
class FastCUT(CUT):
    """CUT without G1(real), with a stronger contrast and mirrored images in its place.

    Args and differences: see :class:`CUT`.
    """

    TINY: ClassVar[dict[str, Any]] = CUT.TINY

    def __init__(
        self,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        residual: bool = False,
        noise_channels: int = 0,
        adversarial: GANMode = "lsgan",
        adversarial_weight: float = 1.0,
        contrastive_weight: float = 10.0,
        identity_weight: float = 0.0,
        layers: Sequence[int] = LAYERS,
        head_width: int = 256,
        num_patches: int = 256,
        temperature: float = 0.07,
        flip: bool = True,
        r1_weight: float = 0.0,
        free_noise: bool = False,
    ) -> None:
        super().__init__(
            generator=generator,
            discriminator=discriminator,
            residual=residual,
            noise_channels=noise_channels,
            adversarial=adversarial,
            adversarial_weight=adversarial_weight,
            contrastive_weight=contrastive_weight,
            identity_weight=identity_weight,
            layers=layers,
            head_width=head_width,
            num_patches=num_patches,
            temperature=temperature,
            flip=flip,
            r1_weight=r1_weight,
            free_noise=free_noise,
        )


def _mirror(image: Tensor, mirrored: bool) -> Tensor:
    return image.flip(-1) if mirrored else image
