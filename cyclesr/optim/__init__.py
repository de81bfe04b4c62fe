"""Optimizers of a model's parts, precision, memory format, schedules."""

from cyclesr.optim.parts import PartOptimizers, PartOptimizersConstructor
from cyclesr.optim.schedule import LinearDecayLR

__all__ = ["LinearDecayLR", "PartOptimizers", "PartOptimizersConstructor"]
