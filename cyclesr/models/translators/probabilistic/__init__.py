"""ProbabilisticDegradation: the translator, its blur and its noise."""

from cyclesr.models.translators.probabilistic.deep_linear_blur import DeepLinearBlur
from cyclesr.models.translators.probabilistic.learnt_blur import GaussianBlur, LearntBlur
from cyclesr.models.translators.probabilistic.learnt_noise import LearntNoise
from cyclesr.models.translators.probabilistic.translator import ProbabilisticDegradation

__all__ = ["DeepLinearBlur", "GaussianBlur", "LearntBlur", "LearntNoise", "ProbabilisticDegradation"]
