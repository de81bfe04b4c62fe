"""DRIT: the translator and the networks that only it uses."""

from cyclesr.models.translators.drit.content_discriminator import ContentDiscriminator
from cyclesr.models.translators.drit.networks import DisentangledGenerator
from cyclesr.models.translators.drit.translator import DRIT

__all__ = ["DRIT", "ContentDiscriminator", "DisentangledGenerator"]
