"""What a translator is: anything that learns syn <-> real without pairs."""

from typing import NamedTuple

from torch import Tensor, nn

Losses = dict[str, Tensor]


class Translation(NamedTuple):
    """The images of one training step, each ``(N, 3, h, w)`` in [0, 1] up to over- and undershoot.

    Attributes:
        fake_real: G1(syn).
        fake_syn: G2(real).
        rec_syn: G2(G1(syn)).
        rec_real: G1(G2(real)).
        extra: whatever else a translator's losses need (identity images, latent means), by name.
    """

    fake_real: Tensor
    fake_syn: Tensor
    rec_syn: Tensor
    rec_real: Tensor
    extra: dict[str, Tensor] = {}  # noqa: RUF012 - never mutated


class Translator(nn.Module):
    """Base of translators.

    Attributes:
        generators: all that the generators' optimizer trains.
        discriminators: all that the discriminators' optimizer trains; may be empty.
    """

    generators: nn.ModuleDict
    discriminators: nn.ModuleDict

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        """Both directions and back, with gradients; ``syn`` and ``real`` are ``(N, 3, h, w)`` in [0, 1]."""
        raise NotImplementedError

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> Losses:
        """The generators' terms of Eq. (2): scalars named ``loss_*``, weights included."""
        raise NotImplementedError

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> Losses:
        """The discriminators' terms; the images of ``t`` are detached here. Empty where there are none."""
        raise NotImplementedError

    def degrade(self, syn: Tensor) -> Tensor:
        """G1(syn) for inference: fresh noise in every call where the translator is stochastic."""
        raise NotImplementedError
