"""Bulat et al.: the translator and its generator from HR."""

from cyclesr.models.translators.bulat.high_to_low import HighToLow
from cyclesr.models.translators.bulat.translator import Bulat

__all__ = ["Bulat", "HighToLow"]
