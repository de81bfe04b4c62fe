"""Translators: synthetic LR to real-looking LR and back, from unpaired images."""

from cyclesr.models.translators.adversarial_translator import AdversarialTranslator
from cyclesr.models.translators.base import Translation, Translator
from cyclesr.models.translators.bulat import Bulat
from cyclesr.models.translators.camera import CameraDegradation
from cyclesr.models.translators.cincgan import CinCGAN
from cyclesr.models.translators.cut import CUT, FastCUT
from cyclesr.models.translators.cyclegan import CycleGAN
from cyclesr.models.translators.discogan import DiscoGAN
from cyclesr.models.translators.drit import DRIT
from cyclesr.models.translators.dsgan import DSGAN
from cyclesr.models.translators.dualgan import DualGAN
from cyclesr.models.translators.ludvae import LUDVAE
from cyclesr.models.translators.munit import MUNIT
from cyclesr.models.translators.probabilistic import ProbabilisticDegradation
from cyclesr.models.translators.unit import UNIT

__all__ = [
    "CUT",
    "DRIT",
    "DSGAN",
    "LUDVAE",
    "MUNIT",
    "UNIT",
    "AdversarialTranslator",
    "Bulat",
    "CameraDegradation",
    "CinCGAN",
    "CycleGAN",
    "DiscoGAN",
    "DualGAN",
    "FastCUT",
    "ProbabilisticDegradation",
    "Translation",
    "Translator",
]
