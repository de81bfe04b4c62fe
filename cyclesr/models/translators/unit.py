"""UNIT (Liu et al., NIPS 2017), the translator of UNITSR."""

from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError, did_you_mean
from cyclesr.models.losses.kl import unit_variance_kl
from cyclesr.models.losses.pixel import low_pass_l1
from cyclesr.models.networks.vae import Decoder, Encoder, EncoderDecoder, share_blocks
from cyclesr.models.translators.adversarial import build_discriminators
from cyclesr.models.translators.adversarial_translator import AdversarialTranslator
from cyclesr.models.translators.base import DirectionWeights, Translation, batched, by_direction
from cyclesr.registry import TRANSLATORS


@TRANSLATORS.register_module()
class UNIT(AdversarialTranslator):
    """Two variational autoencoders with one latent space; translation decodes with the other domain's decoder.

    Sizes and weights default to the released code of UNIT, which differs from UNIT's paper (its weights are ten
    times smaller, and no layer is shared).

    Args:
        generator: ``channels``, ``num_blocks``, ``num_down``, ``head_kernel``, ``tail_kernel``, ``up_kernel``,
            ``norm``, ``init`` of :class:`~cyclesr.models.networks.vae.Encoder` and
            :class:`~cyclesr.models.networks.vae.Decoder`.
        discriminator: arguments of :class:`~cyclesr.models.networks.MultiScaleDiscriminator`, or of the ``type``
            that it names.
        latent_noise: whether training samples the latent code, N(mean, 1); otherwise the mean is decoded.
        degrade_latent_noise: the same for :meth:`degrade`.
        shared_layers: number of residual blocks that the encoders (their last) and the decoders (their first) share; 1
            in UNIT's paper.
        reconstruction_weight: weight of L1 within each domain; one number, or ``dict(syn=, real=)``.
        cycle_weight: weight of L1(rec_syn, syn) and L1(rec_real, real), given likewise.
        kl_weight: weight of the KL term of ``syn`` and ``real``.
        cycle_kl_weight: weight of the KL term of the translated images.
        real_low_pass: the L1 losses on ``real`` images compare means over squares of this side, so that they do not
            punish fresh noise; 0 compares pixels.
        shared: see :class:`~cyclesr.models.translators.AdversarialTranslator`. With ``residual``, the decoders predict
            the difference to the image that was encoded: none within a domain, the degradation or its inverse between
            domains. Noise enters the decoder of ``real``.

    Differs from the released code: images, hence the L1 losses, are in [0, 1], where an L1 of 10 counts as 5 would
    in [-1, 1]; the discriminators see the images that the generators made before their step, where the release
    encodes again with fresh noise; layer norm uses the biased variance.
    """

    PAPER: ClassVar[Paper] = Paper("Liu et al., NIPS 2017", "https://arxiv.org/abs/1703.00848")
    TINY: ClassVar[dict[str, Any]] = dict(
        generator=dict(channels=8, num_blocks=1, num_down=1), discriminator=dict(channels=8, num_layers=1)
    )

    def __init__(
        self,
        generator: dict[str, Any] | None = None,
        discriminator: dict[str, Any] | None = None,
        *,
        latent_noise: bool = True,
        degrade_latent_noise: bool = False,
        shared_layers: int = 0,
        reconstruction_weight: DirectionWeights = 10.0,
        cycle_weight: DirectionWeights = 10.0,
        kl_weight: float = 0.01,
        cycle_kl_weight: float = 0.01,
        real_low_pass: int = 0,
        **shared: Any,
    ) -> None:
        super().__init__(**shared)
        self.generators = _autoencoders(generator or {}, self.residual, self.noise_channels, shared_layers)
        self.lock_generators(*self.generators.values(), encoded=True)
        self.discriminators = build_discriminators("MultiScaleDiscriminator", discriminator)
        self.latent_noise = latent_noise
        self.degrade_latent_noise = degrade_latent_noise
        self.reconstruction_weight = by_direction("reconstruction_weight", reconstruction_weight)
        self.cycle_weight = by_direction("cycle_weight", cycle_weight)
        self.kl_weight = kl_weight
        self.cycle_kl_weight = cycle_kl_weight
        self.real_low_pass = real_low_pass

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Makes both directions and cycles; ``extra`` holds ``same_*`` (within the domain) and the latent means.

        With ``free_noise``, ``quiet_real`` is ``fake_real`` without its noise.
        """
        to_real, to_syn = self._path("to_real"), self._path("to_syn")
        mean_syn, mean_real = to_real.encoder(syn), to_syn.encoder(real)
        code_syn, code_real = self._code(mean_syn), self._code(mean_real)
        fake_real, same_real = batched(to_real.decoder, (code_syn, syn), (code_real, real))
        fake_syn, same_syn = batched(to_syn.decoder, (code_real, real), (code_syn, syn))
        mean_fake_real, mean_fake_syn = to_syn.encoder(fake_real), to_real.encoder(fake_syn)
        rec_syn = to_syn.decoder(self._code(mean_fake_real), fake_real)
        rec_real = to_real.decoder(self._code(mean_fake_syn), fake_syn)
        extra = dict(same_syn=same_syn, same_real=same_real, mean_syn=mean_syn, mean_real=mean_real)
        extra |= dict(mean_fake_syn=mean_fake_syn, mean_fake_real=mean_fake_real)
        if self.free_noise:
            extra["quiet_real"] = to_real.decoder(code_syn, syn, noise_level=0.0)
        return Translation(fake_real, fake_syn, rec_syn, rec_real, extra)

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns the adversarial, reconstruction, cycle and KL terms of each domain."""
        losses = self.shared_losses(syn, real, t)
        images = dict(syn=syn, real=real)
        for key, rec in t.reconstructions().items():
            image = images[key]
            side = self.real_low_pass if key == "real" else 0
            same = low_pass_l1(t.extra[f"same_{key}"], image, side)
            losses[f"loss_reconstruction_{key}"] = self.reconstruction_weight[key] * same
            losses[f"loss_cycle_{key}"] = self.cycle_weight[key] * low_pass_l1(rec, image, side)
            losses[f"loss_kl_{key}"] = self.kl_weight * unit_variance_kl(t.extra[f"mean_{key}"])
            losses[f"loss_cycle_kl_{key}"] = self.cycle_kl_weight * unit_variance_kl(t.extra[f"mean_fake_{key}"])
        return losses

    def degrade(self, syn: Tensor) -> Tensor:
        """Returns G1(syn) ``(N, 3, h, w)``: the latent mean decoded, or a sample with ``degrade_latent_noise``."""
        to_real = self._path("to_real")
        mean = to_real.encoder(syn)
        return to_real.decoder(mean + torch.randn_like(mean) if self.degrade_latent_noise else mean, syn)

    def expected(self, syn: Tensor) -> Tensor:
        """Returns the decoded latent mean ``(N, 3, h, w)``, with all noise channels 0."""
        to_real = self._path("to_real")
        return to_real.decoder(to_real.encoder(syn), syn, noise_level=0.0)

    def _path(self, name: str) -> EncoderDecoder:
        return cast(EncoderDecoder, self.generators[name])

    def _code(self, mean: Tensor) -> Tensor:
        return mean + torch.randn_like(mean) if self.latent_noise else mean


SIZES = ("channels", "num_blocks", "num_down", "norm", "init")
KERNELS = {"head_kernel": "kernel"}, {"tail_kernel": "kernel", "up_kernel": "up_kernel"}


def _autoencoders(config: dict[str, Any], residual: bool, noise_channels: int, shared_layers: int) -> nn.ModuleDict:
    encoder, decoder = _arguments(config)
    to_real = EncoderDecoder(Encoder(**encoder), Decoder(**decoder, residual=residual, noise_channels=noise_channels))
    to_syn = EncoderDecoder(Encoder(**encoder), Decoder(**decoder, residual=residual))
    blocks = to_real.encoder.blocks, to_syn.encoder.blocks
    share_blocks(*blocks, range(len(blocks[0]) - shared_layers, len(blocks[0])))
    share_blocks(to_real.decoder.blocks, to_syn.decoder.blocks, range(shared_layers))
    return nn.ModuleDict({"to_real": to_real, "to_syn": to_syn})


def _arguments(config: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the arguments of the encoders and of the decoders.

    Raises:
        UserError: a key that neither takes.
    """
    known = [*SIZES, *(name for names in KERNELS for name in names)]
    for name in config:
        if name not in known:
            raise UserError(
                f"The generator of UNIT takes no argument {name!r}.{did_you_mean(name, known)} "
                f"It takes: {', '.join(known)}."
            )
    sizes = {name: config[name] for name in SIZES if name in config}
    return [sizes | {names[name]: config[name] for name in names if name in config} for names in KERNELS]
