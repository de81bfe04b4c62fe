"""Translators: one file a method."""

from cyclesr.models.translators.base import Translation, Translator
from cyclesr.models.translators.cyclegan import CycleGAN

__all__ = ["CycleGAN", "Translation", "Translator"]
