"""Optimizers of a model's parts, mixed precision, memory formats and learning-rate schedules."""

from cyclesr.optim.parts import PartOptimizers, PartOptimizersConstructor
from cyclesr.optim.schedule import LinearDecayLR
from cyclesr.optim.schedule_free import schedule_free_adamw

__all__ = ["LinearDecayLR", "PartOptimizers", "PartOptimizersConstructor", "schedule_free_adamw"]
