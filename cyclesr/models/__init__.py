"""Models: the method itself, its translators, SR networks, degradations and losses."""

from cyclesr.models.bicycle_sr import BiCycleSR
from cyclesr.models.collaborative import CollaborativeSR
from cyclesr.models.consistency import RealConsistency
from cyclesr.models.cyclegan_sr import CycleGANSR
from cyclesr.models.random_mix import RandomMix
from cyclesr.models.realness_weighting import RealnessWeighting
from cyclesr.models.sr_adversarial import SRAdversarial
from cyclesr.models.stages import Stage
from cyclesr.models.supervised import SupervisedSR
from cyclesr.models.unexplained_noise import UnexplainedNoise

__all__ = [
    "BiCycleSR",
    "CollaborativeSR",
    "CycleGANSR",
    "RandomMix",
    "RealConsistency",
    "RealnessWeighting",
    "SRAdversarial",
    "Stage",
    "SupervisedSR",
    "UnexplainedNoise",
]
