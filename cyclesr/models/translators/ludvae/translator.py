"""LUD-VAE (Zheng et al., TPAMI 2023): the degradation as latents of an autoencoder, learnt without a discriminator."""

from typing import Any, ClassVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError
from cyclesr.models.translators.base import DirectionWeights, Translation, Translator, by_direction
from cyclesr.models.translators.low_frequency_lock import check_side, lock_low_frequencies
from cyclesr.models.translators.ludvae.autoencoder import TwoDomainVAE
from cyclesr.registry import TRANSLATORS

LEVELS_OF_A_BYTE = 255


@TRANSLATORS.register_module()
class LUDVAE(Translator):
    r"""A variational autoencoder of both domains: a content that they share, and latents for the degradation of `real`.

    The ELBO of a pair (syn, real) of the same content needs no pairs if the posterior of the content is the same for
    both images of a pair (the inference-invariant condition). Therefore the content is encoded from
    :math:`h(x) = x + n`, with Gaussian noise that hides the difference of the domains; ``syn`` gets more of it than
    ``real``, which has noise of its own. ``fake_real`` is decoded from the content of ``syn`` and from latents drawn
    from their prior, so that it is different in each draw.

    It trains on its own in the paper (stages ``translation``, then ``sr_on_fake``). Its losses are means of squared
    errors of images in [0, 1]: with feedback, raise ``reconstruction_weight`` and ``kl_weight`` to the scale of
    ``feedback_weight``.

    Args:
        channels: number of feature maps, and of latents on each level.
        levels: number of levels of latents.
        layers: number of 3x3 convolutions of a block.
        hidden: standard deviations of the noise of h for ``dict(syn=, real=)``, in levels of 255. They should be large
            enough that both domains look the same under it, but what it hides of ``syn`` is lost in ``fake_real``. The
            defaults are the release's for NTIRE 2020; for AIM 2019 it has 15 and 10.
        reconstruction_weight: weight of the mean squared error between an image and its reconstruction; one number, or
            ``dict(syn=, real=)``. The default makes their sum the mean over both domains, as in the paper.
        kl_weight: weight of the KL divergence of the latents from their prior, for each value of the image.
        kl_warmup: number of pairs of images over which the weight of the KL divergence rises from 0; counted in the
            checkpoint, for each process. The default is 10,000 steps of the paper's batches of 16.
        temperature: factor of the standard deviations of the latents of ``fake_real``.
        low_frequency_lock: ``fake_real`` keeps the low frequencies of ``syn``, see
            :class:`~cyclesr.models.translators.AdversarialTranslator`.

    Differs from the paper: colours are not normalised to the mean and the standard deviation of each domain, which
    differ where the domains show other scenes; ``low_frequency_lock`` keeps colours instead. A batch has as many
    images of ``syn`` as of ``real``, where theirs are drawn from both. Standard deviations of latents are bounded.

    Raises:
        UserError: a size that is not positive, ``hidden`` that is negative, or a lock of an even side.
    """

    PAPER: ClassVar[Paper] = Paper("Zheng et al., TPAMI 2023", "https://arxiv.org/abs/2204.10090")
    TINY: ClassVar[dict[str, Any]] = dict(channels=4, levels=2, layers=1)
    pairs_seen: Tensor

    def __init__(
        self,
        channels: int = 128,
        levels: int = 3,
        layers: int = 4,
        *,
        hidden: DirectionWeights | None = None,
        reconstruction_weight: DirectionWeights = 0.5,
        kl_weight: float = 1e-4,
        kl_warmup: int = 160_000,
        temperature: float = 1.0,
        low_frequency_lock: int = 0,
    ) -> None:
        super().__init__()
        if min(channels, levels, layers) < 1:
            raise UserError(
                "LUDVAE needs at least one channel, one level and one layer, found "
                f"channels={channels}, levels={levels}, layers={layers}."
            )
        check_side(low_frequency_lock)
        levels_of_noise = by_direction("hidden", dict(syn=8.0, real=3.0) if hidden is None else hidden)
        if min(levels_of_noise.values()) < 0:
            raise UserError(f"hidden must not be negative, found {hidden}.")
        self.generators = nn.ModuleDict({"to_real": TwoDomainVAE(channels, levels, layers)})
        self.discriminators = nn.ModuleDict()
        self.hidden = {key: level / LEVELS_OF_A_BYTE for key, level in levels_of_noise.items()}
        self.reconstruction_weight = by_direction("reconstruction_weight", reconstruction_weight)
        self.kl_weight = kl_weight
        self.kl_warmup = kl_warmup
        self.temperature = temperature
        self.low_frequency_lock = low_frequency_lock
        self.register_buffer("pairs_seen", torch.zeros((), dtype=torch.long))

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Makes ``fake_real``; ``extra`` holds the reconstructions ``same_*`` and the KL divergence ``kl``."""
        same_real, kl = self._vae.reconstructed(real, self.hidden["real"])
        same_syn = self._vae.clean(syn, self.hidden["syn"])
        return Translation(self.degrade(syn), extra=dict(same_syn=same_syn, same_real=same_real, kl=kl))

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns the reconstruction terms and the KL divergence, and counts the images for its weight."""
        self.pairs_seen += len(real)
        warmth = (self.pairs_seen / max(self.kl_warmup, 1)).clamp(max=1)
        losses = {"loss_kl_real": self.kl_weight * warmth * t.extra["kl"]}
        for key, image in dict(syn=syn, real=real).items():
            error = F.mse_loss(t.extra[f"same_{key}"], image)
            losses[f"loss_reconstruction_{key}"] = self.reconstruction_weight[key] * error
        return losses

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        """Returns no loss: there is no discriminator."""
        return {}

    def degrade(self, syn: Tensor) -> Tensor:
        """Returns G1(syn) ``(N, 3, h, w)``, with fresh latents."""
        return self._kept(self._vae(syn, self.hidden["syn"], self.temperature), syn)

    def expected(self, syn: Tensor) -> Tensor:
        """Returns G1(syn) ``(N, 3, h, w)`` with the means of the latents, its content seen without noise."""
        return self._kept(self._vae(syn, temperature=0.0), syn)

    def _kept(self, made: Tensor, syn: Tensor) -> Tensor:
        """Applies ``low_frequency_lock``."""
        return lock_low_frequencies(made, syn, self.low_frequency_lock) if self.low_frequency_lock else made

    @property
    def _vae(self) -> TwoDomainVAE:
        return cast(TwoDomainVAE, self.generators["to_real"])
