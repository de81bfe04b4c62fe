"""MUNIT (Huang et al., ECCV 2018) as the translator of Eq. (2)."""

from typing import Any, ClassVar, cast

import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError, did_you_mean
from cyclesr.models.losses.pixel import low_pass_l1
from cyclesr.models.networks.style import StyleDecoder, StyleEncoder, StyleTranslation
from cyclesr.models.networks.vae import Encoder
from cyclesr.models.translators.adversarial import build_discriminators
from cyclesr.models.translators.adversarial_translator import AdversarialTranslator
from cyclesr.models.translators.base import DirectionWeights, Translation, batched, by_direction
from cyclesr.registry import TRANSLATORS


@TRANSLATORS.register_module()
class MUNIT(AdversarialTranslator):
    """Content that both domains share, a style of each: a translation decodes with a style drawn at random.

    A style stands for what varies between the real images, for instance the strength of blur or noise.

    Args:
        generator: sizes of the autoencoders: ``channels``, ``num_blocks``, ``num_down``, ``norm``, ``init`` as in
            :class:`~cyclesr.models.networks.vae.Encoder`; ``head_kernel`` of the encoders' first and ``tail_kernel``
            of the decoders' last convolution, ``up_kernel`` of the upsampling; ``style_dim``, ``style_down`` and
            ``mlp_width``, see :mod:`~cyclesr.models.networks.style`.
        discriminator: arguments of :class:`~cyclesr.models.networks.MultiScaleDiscriminator`, or of the ``type`` it
            names.
        reconstruction_weight: weight of L1 within each domain, on images in [0, 1]; one number, or
            ``dict(syn=, real=)``.
        content_weight: weight of L1 between the content that an image was decoded from and its own.
        style_weight: the same for styles.
        cycle_weight: weight of L1(rec_syn, syn) and L1(rec_real, real), which have the style of the image that the
            cycle began with; one number, or ``dict(syn=, real=)``. A cycle of weight 0 is not computed.
        real_low_pass: the L1 losses on ``real`` images compare means over squares of this side; 0 compares pixels.
        shared: see :class:`~cyclesr.models.translators.AdversarialTranslator`. With ``residual``, the decoders predict
            the difference to the image that was encoded. Noise enters the decoder of ``real``: a style belongs to the
            whole image, so that it can say how strong noise is, but cannot be noise.

    Differs from the paper's code: images, hence their L1 losses, are in [0, 1], where an L1 of 10 counts as 5 would in
    [-1, 1]; the discriminators see the images that the generators made before their step; layer norm uses the biased
    variance.
    """

    PAPER: ClassVar[Paper] = Paper("Huang et al., ECCV 2018", "https://arxiv.org/abs/1804.04732")
    TINY: ClassVar[dict[str, Any]] = dict(
        generator=dict(channels=8, num_blocks=1, num_down=1, style_down=2, style_dim=2, mlp_width=8),
        discriminator=dict(channels=8, num_layers=1),
    )

    def __init__(
        self,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        *,
        reconstruction_weight: DirectionWeights = 10.0,
        content_weight: float = 1.0,
        style_weight: float = 1.0,
        cycle_weight: DirectionWeights = 0.0,
        real_low_pass: int = 0,
        **shared: Any,
    ) -> None:
        super().__init__(**shared)
        self.generators = _generators(generator or {}, self.residual, self.noise_channels)
        self.lock_generators(*self.generators.values(), encoded=True)
        self.discriminators = build_discriminators("MultiScaleDiscriminator", discriminator)
        self.reconstruction_weight = by_direction("reconstruction_weight", reconstruction_weight)
        self.content_weight = content_weight
        self.style_weight = style_weight
        self.cycle_weight = by_direction("cycle_weight", cycle_weight)
        self.real_low_pass = real_low_pass

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Makes both directions with styles drawn at random, and the cycles that have a weight.

        ``extra`` holds ``same_*`` (within the domain), ``content_*`` of the images and ``again_content_*`` of what they
        were translated to, ``style_*`` that was drawn for each domain and ``again_style_*`` of the fakes. With
        ``free_noise``, ``quiet_real`` is ``fake_real`` without its noise.
        """
        to_real, to_syn = self._path("to_real"), self._path("to_syn")
        content_syn, content_real = to_real.encoder(syn), to_syn.encoder(real)
        own_real, own_syn = to_real.style(real), to_syn.style(syn)
        style_real, style_syn = to_real.drawn(syn), to_syn.drawn(real)
        calls = (content_syn, syn, style_real), (content_real, real, own_real)
        fake_real, same_real = batched(to_real.decoder, *calls)
        calls = (content_real, real, style_syn), (content_syn, syn, own_syn)
        fake_syn, same_syn = batched(to_syn.decoder, *calls)
        extra = dict(same_syn=same_syn, same_real=same_real, content_syn=content_syn, content_real=content_real)
        extra |= dict(style_real=style_real, style_syn=style_syn)
        extra |= dict(again_style_real=to_real.style(fake_real), again_style_syn=to_syn.style(fake_syn))
        again_syn, again_real = to_syn.encoder(fake_real), to_real.encoder(fake_syn)
        extra |= dict(again_content_syn=again_syn, again_content_real=again_real)
        rec_syn = to_syn.decoder(again_syn, fake_real, own_syn) if self.cycle_weight["syn"] else None
        rec_real = to_real.decoder(again_real, fake_syn, own_real) if self.cycle_weight["real"] else None
        if self.free_noise:
            extra["quiet_real"] = to_real.decoder(content_syn, syn, style_real, noise_level=0.0)
        return Translation(fake_real, fake_syn, rec_syn, rec_real, extra)

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns the adversarial, reconstruction, content and style terms of each domain, and the weighted cycles."""
        losses = self.shared_losses(syn, real, t)
        images, sides = dict(syn=syn, real=real), dict(syn=0, real=self.real_low_pass)
        for key, image in images.items():
            same = low_pass_l1(t.extra[f"same_{key}"], image, sides[key])
            losses[f"loss_reconstruction_{key}"] = self.reconstruction_weight[key] * same
            for name, weight in dict(content=self.content_weight, style=self.style_weight).items():
                distance = F.l1_loss(t.extra[f"again_{name}_{key}"], t.extra[f"{name}_{key}"])
                losses[f"loss_{name}_{key}"] = weight * distance
        for key, rec in t.reconstructions().items():
            losses[f"loss_cycle_{key}"] = self.cycle_weight[key] * low_pass_l1(rec, images[key], sides[key])
        return losses

    def degrade(self, syn: Tensor, style: Tensor | None = None) -> Tensor:
        """Returns G1(syn) ``(N, 3, h, w)`` in a style ``(N, style_dim)``, by default drawn at random for each image."""
        return self._path("to_real")(syn, style)

    def expected(self, syn: Tensor) -> Tensor:
        """Returns G1(syn) ``(N, 3, h, w)`` in the mean style, 0, with all noise channels 0."""
        to_real = self._path("to_real")
        style = syn.new_zeros(len(syn), to_real.decoder.style_dim)
        return to_real.decoder(to_real.encoder(syn), syn, style, noise_level=0.0)

    def _path(self, name: str) -> StyleTranslation:
        return cast(StyleTranslation, self.generators[name])


# Argument of `generator`: its names in the content encoder, in the style encoder and in the decoder.
_NAMES: dict[str, tuple[str, str, str]] = dict(
    channels=("channels", "channels", "channels"),
    num_blocks=("num_blocks", "", "num_blocks"),
    num_down=("num_down", "", "num_down"),
    norm=("norm", "", "norm"),
    init=("init", "init", "init"),
    head_kernel=("kernel", "kernel", ""),
    tail_kernel=("", "", "kernel"),
    up_kernel=("", "", "up_kernel"),
    style_dim=("", "style_dim", "style_dim"),
    style_down=("", "num_down", ""),
    mlp_width=("", "", "mlp_width"),
)


def _generators(config: dict[str, Any], residual: bool, noise_channels: int) -> nn.ModuleDict:
    content, style, decoder = _arguments(config)
    decoder["residual"] = residual
    noise = dict(to_real=noise_channels, to_syn=0)
    return nn.ModuleDict(
        {
            key: StyleTranslation(
                Encoder(**content), StyleEncoder(**style), StyleDecoder(**decoder, noise_channels=noise[key])
            )
            for key in noise
        }
    )


def _arguments(config: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the arguments of the content encoders, the style encoders and the decoders.

    Raises:
        UserError: a key that none of them takes.
    """
    for name in config:
        if name not in _NAMES:
            raise UserError(
                f"The generator of MUNIT takes no argument {name!r}.{did_you_mean(name, _NAMES)} "
                f"It takes: {', '.join(_NAMES)}."
            )
    return [{_NAMES[name][i]: value for name, value in config.items() if _NAMES[name][i]} for i in range(3)]
