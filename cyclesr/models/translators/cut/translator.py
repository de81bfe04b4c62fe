"""CUT and FastCUT (Park et al., ECCV 2020): one direction, held by contrast."""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError
from cyclesr.models.losses.contrastive import patch_nce
from cyclesr.models.networks.resnet_generator import ResNetGenerator
from cyclesr.models.translators.adversarial import build_discriminators
from cyclesr.models.translators.adversarial_translator import AdversarialTranslator
from cyclesr.models.translators.base import Translation, batched
from cyclesr.models.translators.cut.patch_head import PatchHead
from cyclesr.registry import TRANSLATORS

LAYERS = (0, 4, 7, 10, 14)  # the image, both strided convolutions, the first and the fifth block


@TRANSLATORS.register_module()
class CUT(AdversarialTranslator):
    """One generator, one discriminator; each place of ``fake_real`` must be told from others by its place of ``syn``.

    The generator's own feature maps are compared, each through its own head. The heads are in ``generators``, so that
    the generators' optimizer trains them.

    Args:
        generator: arguments of :class:`~cyclesr.models.networks.ResNetGenerator`, or of the ``type`` it names, which
            must have the methods ``encode``, ``with_features`` and ``feature_channels``.
        discriminator: arguments of :class:`~cyclesr.models.networks.PatchDiscriminator`, or of the ``type`` it names.
        contrastive_weight: weight of PatchNCE between ``syn`` and ``fake_real``, the mean over the layers.
        identity_weight: weight of PatchNCE between ``real`` and G1(real); with 0, G1(real) is not computed.
        layers: layers of the generator, see :meth:`ResNetGenerator.encode`.
        head_width: width of the heads' layers.
        num_patches: number of places per feature map and image that are compared with each other.
        temperature: temperature of the softmax.
        flip: in half of the steps G1 sees mirrored images, and their features are compared with those of the unmirrored
            ones (FastCUT); ``fake_real`` is mirrored back.
        shared: see :class:`~cyclesr.models.translators.AdversarialTranslator`.

    Differs from the paper's code: it halves both PatchNCE terms of CUT, and blurs before it halves and after it doubles
    the resolution; weights start as CycleGAN's.
    """

    PAPER: ClassVar[Paper] = Paper("Park et al., ECCV 2020", "https://arxiv.org/abs/2007.15651")
    TINY: ClassVar[dict[str, Any]] = dict(
        generator=dict(channels=8, num_blocks=1, num_down=1),
        discriminator=dict(channels=8, num_layers=1),
        layers=(0, 4, 7),
        head_width=8,
        num_patches=16,
    )
    any_channels: ClassVar[bool] = True
    halved: ClassVar[bool] = True

    def __init__(
        self,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        *,
        contrastive_weight: float = 1.0,
        identity_weight: float = 1.0,
        layers: Sequence[int] = LAYERS,
        head_width: int = 256,
        num_patches: int = 256,
        temperature: float = 0.07,
        flip: bool = False,
        **shared: Any,
    ) -> None:
        super().__init__(**shared)
        self.generators = self.build_generators({"type": "ResNetGenerator", **(generator or {})}, "to_real")
        to_real = cast(ResNetGenerator, self.generators["to_real"])
        if not hasattr(to_real, "feature_channels"):
            raise UserError(
                f"{type(self).__name__} compares the feature maps of its generator, and {type(to_real).__name__} shows "
                "none: take generator.type='ResNetGenerator'."
            )
        channels = to_real.feature_channels(layers)
        self.generators["heads"] = nn.ModuleList(PatchHead(inputs, head_width) for inputs in channels)
        self.discriminators = build_discriminators("PatchDiscriminator", discriminator, ["real"], self.image_channels)
        self.layers = tuple(layers)
        self.weights = dict(syn=contrastive_weight, real=identity_weight)
        self.num_patches = num_patches
        self.temperature = temperature
        self.flip = flip

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Makes ``fake_real``; ``extra`` has feature maps, ``key_*`` of the sources and ``query_*`` of the results.

        They are numbered by layer, for ``syn`` and, if weighted, for ``real``. With ``free_noise``, ``quiet_real`` is
        ``fake_real`` without its noise.
        """
        to_real = cast(ResNetGenerator, self.generators["to_real"])
        sources = dict(syn=syn, real=real) if self.weights["real"] else dict(syn=syn)
        mirrored = self.flip and torch.rand(()).item() < 0.5
        seen = [(_mirror(image, mirrored),) for image in sources.values()]
        passes = batched(to_real, *seen, run=partial(to_real.with_features, layers=self.layers))
        made = [self.locked(images[0], image) for images, (image,) in zip(passes, seen, strict=True)]
        encode = partial(to_real.encode, layers=self.layers)
        queries = batched(to_real, *[(image,) for image in made], run=encode)
        keys = [images[1:] for images in passes]
        if mirrored:
            with torch.no_grad():
                keys = batched(to_real, *[(image,) for image in sources.values()], run=encode)
        extra: dict[str, Tensor] = {}
        for domain, key, query in zip(sources, keys, queries, strict=True):
            extra |= {f"key_{domain}_{i}": features.detach() for i, features in enumerate(key)}
            extra |= {f"query_{domain}_{i}": _mirror(features, mirrored) for i, features in enumerate(query)}
        if self.free_noise:
            extra["quiet_real"] = _mirror(to_real(seen[0][0], noise_level=0.0), mirrored)
        return Translation(_mirror(made[0], mirrored), extra=extra)

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns the adversarial term, and the PatchNCE terms that have a weight."""
        losses = self.shared_losses(syn, real, t)
        for domain, weight in self.weights.items():
            if weight:
                losses[f"loss_nce_{domain}"] = weight * self._contrast(t, domain)
        return losses

    def _contrast(self, t: Translation, domain: str) -> Tensor:
        """Returns PatchNCE at random places, the same for all images of a batch; the mean over the layers."""
        terms = []
        for i, head in enumerate(cast(nn.ModuleList, self.generators["heads"])):
            key, query = (t.extra[f"{side}_{domain}_{i}"] for side in ("key", "query"))
            places = torch.randperm(key[0, 0].numel())[: self.num_patches].to(key.device)
            terms.append(patch_nce(head(query, places), head(key, places), self.temperature))
        return torch.stack(terms).mean()


@TRANSLATORS.register_module()
class FastCUT(CUT):
    """CUT without G1(real), with a stronger contrast and mirrored images in its place.

    Args:
        contrastive_weight, identity_weight, flip: as in :class:`CUT`, whose other defaults and differences from the
            paper's code hold here too.
        shared: the other arguments of :class:`CUT`.
    """

    PAPER: ClassVar[Paper] = Paper("Park et al., ECCV 2020", "https://arxiv.org/abs/2007.15651")

    def __init__(
        self, *, contrastive_weight: float = 10.0, identity_weight: float = 0.0, flip: bool = True, **shared: Any
    ) -> None:
        super().__init__(contrastive_weight=contrastive_weight, identity_weight=identity_weight, flip=flip, **shared)


def _mirror(image: Tensor, mirrored: bool) -> Tensor:
    return image.flip(-1) if mirrored else image
