"""Optimizers of a model's parts, mixed precision, memory formats and learning-rate schedules."""

from cyclesr.optim.parts import PartOptimizers, PartOptimizersConstructor
from cyclesr.optim.schedule import LinearDecayLR

__all__ = ["LinearDecayLR", "PartOptimizers", "PartOptimizersConstructor"]
