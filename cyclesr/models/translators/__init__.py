"""Translators: synthetic LR to real-looking LR and back, from unpaired images."""

from cyclesr.models.translators.base import Translation, Translator
from cyclesr.models.translators.bulat import Bulat
from cyclesr.models.translators.cyclegan import CycleGAN
from cyclesr.models.translators.unit import UNIT

__all__ = ["UNIT", "Bulat", "CycleGAN", "Translation", "Translator"]
