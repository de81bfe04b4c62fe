"""The report on a training: what it measured, how it learned, and what its network makes of images."""

from cyclesr.inference.training_report.page import PAGE, TrainingReport

__all__ = ["PAGE", "TrainingReport"]
