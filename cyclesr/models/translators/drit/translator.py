"""DRIT (Lee et al., ECCV 2018) as the translator of Eq. (2)."""

from typing import Any, ClassVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from cyclesr.descriptions import Paper
from cyclesr.models.losses.gan import GANMode
from cyclesr.models.losses.kl import gaussian_kl, unit_variance_kl
from cyclesr.models.losses.pixel import low_pass_l1
from cyclesr.models.networks.vae import share_blocks
from cyclesr.models.translators.adversarial import build_discriminators, discriminator_losses
from cyclesr.models.translators.adversarial_translator import AdversarialTranslator
from cyclesr.models.translators.base import DirectionWeights, Translation, batched, by_direction
from cyclesr.models.translators.drit.networks import DisentangledGenerator
from cyclesr.registry import MODELS, TRANSLATORS


@TRANSLATORS.register_module()
class DRIT(AdversarialTranslator):
    """Contents that no discriminator can tell apart, a style of each image: two images swap their styles, twice.

    A style (in the paper: attribute) stands for what varies between the images of a domain, for instance the strength
    of blur or noise. ``fake_real`` has a style that is drawn at random, and so has the result of :meth:`degrade`.

    Args:
        generator: arguments of :class:`~cyclesr.models.translators.drit.networks.DisentangledGenerator`, or of the
            ``type`` it names.
        discriminator: arguments of :class:`~cyclesr.models.networks.MultiScaleDiscriminator`, or of the ``type`` it
            names. Each domain has two: one for drawn styles and one for swapped styles.
        content_discriminator: arguments of :class:`~cyclesr.models.translators.drit.ContentDiscriminator`, or of the
            ``type`` it names. The defaults need LR crops of 209 px.
        content_noise: whether training samples the contents, N(mean, 1); :meth:`degrade` decodes the mean.
        shared_layers: number of residual blocks that the content encoders (their last) and the decoders (their first)
            share.
        content_weight: weight of the cross entropy between the content discriminator's verdict and one half, which the
            content encoders minimise.
        reconstruction_weight: weight of L1 within each domain, on images in [0, 1]; one number, or
            ``dict(syn=, real=)``.
        cycle_weight: weight of L1(rec_syn, syn) and L1(rec_real, real), the ends of the cross-cycle, given likewise.
        kl_weight: weight of the KL divergence of each image's style from N(0, 1).
        content_kl_weight: weight of the mean square of the content means.
        style_weight: weight of L1 between the styles that were drawn and the mean styles of what they were decoded to.
        real_low_pass: the L1 losses on ``real`` images compare means over squares of this side; 0 compares pixels.
        adversarial: the mode of the domains' discriminators; the content discriminator always has the cross entropy.
        shared: see :class:`~cyclesr.models.translators.AdversarialTranslator`. With ``residual``, the decoders predict
            the difference to the image that was encoded. Noise enters the decoder of ``real``: a style belongs to the
            whole image, so that it can say how strong noise is, but cannot be noise.

    Differs from the released code: images, hence their L1 losses, are in [0, 1], where an L1 of 10 counts as 5 would in
    [-1, 1]. All losses make one step, which also trains the style encoders; the release makes a second step without
    them for drawn styles. All images are translated and judged; the release translates half a batch and shows the other
    half to the discriminators of drawn styles. Each domain draws its own styles. The content discriminator makes one
    step, like the others; in the release it makes three, at a smaller learning rate and with clipped gradients.
    ``content_kl_weight`` acts on the means, not on the samples; biases of convolutions start at 0; the domains'
    discriminators have LeakyReLU of slope 0.2, not 0.01. Styles are concatenated to the features (``concat`` in the
    release); its other way to combine them is not implemented.
    """

    PAPER: ClassVar[Paper] = Paper("Lee et al., ECCV 2018", "https://arxiv.org/abs/1808.00948")
    TINY: ClassVar[dict[str, Any]] = dict(
        generator=dict(channels=8, num_blocks=2, num_down=1, style_dim=2, style_down=2),
        discriminator=dict(channels=8, num_layers=1),
        content_discriminator=dict(channels=8, num_layers=1, kernel=3, tail_kernel=2),
    )

    def __init__(
        self,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        content_discriminator: dict[str, Any] | None = None,
        *,
        content_noise: bool = True,
        shared_layers: int = 1,
        content_weight: float = 1.0,
        reconstruction_weight: DirectionWeights = 10.0,
        cycle_weight: DirectionWeights = 10.0,
        kl_weight: float = 0.01,
        content_kl_weight: float = 0.01,
        style_weight: float = 10.0,
        real_low_pass: int = 0,
        adversarial: GANMode = "vanilla",
        **shared: Any,
    ) -> None:
        super().__init__(adversarial=adversarial, **shared)
        config = {"type": "DisentangledGenerator", **(generator or {})}
        self.generators = self.build_generators(config, "to_real", "to_syn", encoded=True)
        _share_layers(self._path("to_real"), self._path("to_syn"), shared_layers)
        domains = ("real", "syn", "swapped_real", "swapped_syn")
        self.discriminators = build_discriminators("MultiScaleDiscriminator", discriminator, domains)
        inputs = self._path("to_real").width
        judge = {"type": "ContentDiscriminator", "inputs": inputs, **(content_discriminator or {})}
        self.discriminators["content"] = MODELS.build(judge)
        self.content_noise = content_noise
        self.content_weight = content_weight
        self.reconstruction_weight = by_direction("reconstruction_weight", reconstruction_weight)
        self.cycle_weight = by_direction("cycle_weight", cycle_weight)
        self.kl_weight = kl_weight
        self.content_kl_weight = content_kl_weight
        self.style_weight = style_weight
        self.real_low_pass = real_low_pass

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Makes both directions with styles drawn at random, and the cross-cycle: styles swapped, and swapped back.

        The i-th images of the two batches swap their styles, so both batches must have the same length.

        ``extra`` holds ``swapped_*`` (with the style of an image of their domain), ``same_*`` (within the domain),
        ``content_*`` and their means ``content_mean_*``, ``own_mean_*`` and ``own_log_variance_*`` of each image's
        style, ``style_*`` that was drawn for each domain and ``again_style_*``, the mean styles of the fakes. With
        ``free_noise``, ``quiet_real`` is ``fake_real`` without its noise.
        """
        to_real, to_syn = self._path("to_real"), self._path("to_syn")
        mean_syn, mean_real = to_real.encoder(syn), to_syn.encoder(real)
        content_syn, content_real = self._content(mean_syn), self._content(mean_real)
        own_syn, own_real = to_syn.style(syn), to_real.style(real)
        of_syn, of_real = own_syn.draw(), own_real.draw()
        style_syn, style_real = to_syn.drawn(real), to_real.drawn(syn)
        calls = (content_syn, syn, style_real), (content_syn, syn, of_real), (content_real, real, of_real)
        fake_real, swapped_real, same_real = batched(to_real.decoder, *calls)
        calls = (content_real, real, style_syn), (content_real, real, of_syn), (content_syn, syn, of_syn)
        fake_syn, swapped_syn, same_syn = batched(to_syn.decoder, *calls)
        rec_syn, rec_real = self._swapped_back(swapped_syn, swapped_real)
        extra = dict(swapped_syn=swapped_syn, swapped_real=swapped_real, same_syn=same_syn, same_real=same_real)
        extra |= dict(content_syn=content_syn, content_real=content_real)
        extra |= dict(content_mean_syn=mean_syn, content_mean_real=mean_real)
        extra |= dict(own_mean_syn=own_syn.mean, own_log_variance_syn=own_syn.log_variance)
        extra |= dict(own_mean_real=own_real.mean, own_log_variance_real=own_real.log_variance)
        extra |= dict(style_syn=style_syn, again_style_syn=to_syn.style(fake_syn).mean)
        extra |= dict(style_real=style_real, again_style_real=to_real.style(fake_real).mean)
        if self.free_noise:
            extra["quiet_real"] = to_real.decoder(content_syn, syn, style_real, noise_level=0.0)
        return Translation(fake_real, fake_syn, rec_syn, rec_real, extra)

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns adversarial terms of images and contents, and further terms of each domain.

        These are the reconstruction, cross-cycle, KL and style terms.
        """
        losses = self.shared_losses(syn, real, t, _all_fakes(t))
        images, sides = dict(syn=syn, real=real), dict(syn=0, real=self.real_low_pass)
        for key, rec in t.reconstructions().items():
            same = low_pass_l1(t.extra[f"same_{key}"], images[key], sides[key])
            again = F.l1_loss(t.extra[f"again_style_{key}"], t.extra[f"style_{key}"])
            kl = gaussian_kl(t.extra[f"own_mean_{key}"], t.extra[f"own_log_variance_{key}"])
            losses[f"loss_content_{key}"] = self.content_weight * self._confusion(t.extra[f"content_{key}"])
            losses[f"loss_reconstruction_{key}"] = self.reconstruction_weight[key] * same
            losses[f"loss_cycle_{key}"] = self.cycle_weight[key] * low_pass_l1(rec, images[key], sides[key])
            losses[f"loss_kl_{key}"] = self.kl_weight * kl
            content_kl = unit_variance_kl(t.extra[f"content_mean_{key}"])
            losses[f"loss_content_kl_{key}"] = self.content_kl_weight * content_kl
            losses[f"loss_style_{key}"] = self.style_weight * again
        return losses

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns the terms of the domains' discriminators and of the content discriminator."""
        images = dict(syn=syn, real=real, swapped_syn=syn, swapped_real=real)
        losses = self.adversarial.discriminator_losses(self.discriminators, images, _all_fakes(t))
        contents = t.extra["content_real"], t.extra["content_syn"]
        judged = discriminator_losses(self.discriminators["content"], *contents, "vanilla", 0.0)
        return losses | {"loss_disc_content": judged["disc"]}

    def degrade(self, syn: Tensor, style: Tensor | None = None) -> Tensor:
        """Returns G1(syn) ``(N, 3, h, w)`` in a style ``(N, style_dim)``, by default drawn at random for each image."""
        return self._path("to_real")(syn, style)

    def expected(self, syn: Tensor) -> Tensor:
        """Returns G1(syn) ``(N, 3, h, w)`` in the mean style, 0, with all noise channels 0."""
        to_real = self._path("to_real")
        style = syn.new_zeros(len(syn), to_real.decoder.style_dim)
        return to_real.decoder(to_real.encoder(syn), syn, style, noise_level=0.0)

    def _swapped_back(self, swapped_syn: Tensor, swapped_real: Tensor) -> tuple[Tensor, Tensor]:
        """Returns ``rec_syn`` and ``rec_real``: the content that one translation kept, the style that the other got."""
        to_real, to_syn = self._path("to_real"), self._path("to_syn")
        content_syn = self._content(to_syn.encoder(swapped_real))
        content_real = self._content(to_real.encoder(swapped_syn))
        style_syn, style_real = to_syn.style(swapped_syn).draw(), to_real.style(swapped_real).draw()
        rec_syn = to_syn.decoder(content_syn, swapped_real, style_syn)
        return rec_syn, to_real.decoder(content_real, swapped_syn, style_real)

    def _confusion(self, content: Tensor) -> Tensor:
        """Returns a loss that is least where the content discriminator finds both domains equally likely."""
        logits = self.discriminators["content"](content)
        return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, 0.5))

    def _content(self, mean: Tensor) -> Tensor:
        return mean + torch.randn_like(mean) if self.content_noise else mean

    def _path(self, name: str) -> DisentangledGenerator:
        return cast(DisentangledGenerator, self.generators[name])


def _all_fakes(t: Translation) -> dict[str, Tensor]:
    """Returns the translations by the discriminator that judges them."""
    return t.fakes() | {name: t.extra[name] for name in ("swapped_real", "swapped_syn")}


def _share_layers(to_real: DisentangledGenerator, to_syn: DisentangledGenerator, shared_layers: int) -> None:
    count = len(to_real.encoder.blocks)
    share_blocks(to_real.encoder.blocks, to_syn.encoder.blocks, range(count - shared_layers, count))
    share_blocks(to_real.decoder.blocks, to_syn.decoder.blocks, range(shared_layers))
