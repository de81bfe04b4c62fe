"""Models: the method itself, its translators, SR networks, degradations and losses."""

from cyclesr.models.collaborative import CollaborativeSR
from cyclesr.models.stages import Stage
from cyclesr.models.supervised import SupervisedSR

__all__ = ["CollaborativeSR", "Stage", "SupervisedSR"]
