"""ProbabilisticDegradation: the translator, its blur and its noise."""

from cyclesr.models.translators.probabilistic.learnt_blur import GaussianBlur, LearntBlur
from cyclesr.models.translators.probabilistic.learnt_noise import LearntNoise
from cyclesr.models.translators.probabilistic.translator import ProbabilisticDegradation

__all__ = ["GaussianBlur", "LearntBlur", "LearntNoise", "ProbabilisticDegradation"]
