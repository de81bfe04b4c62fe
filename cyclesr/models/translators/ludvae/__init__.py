"""LUD-VAE: the translator and its autoencoder of two domains."""

from cyclesr.models.translators.ludvae.autoencoder import TwoDomainVAE
from cyclesr.models.translators.ludvae.translator import LUDVAE

__all__ = ["LUDVAE", "TwoDomainVAE"]
