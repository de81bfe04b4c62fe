"""Losses: pure functions of tensors, and small registered classes that hold their weights."""

from cyclesr.models.losses.artifacts import ArtifactLoss
from cyclesr.models.losses.chroma import ChromaLoss
from cyclesr.models.losses.contextual import ContextualBilateralLoss
from cyclesr.models.losses.dists import DISTSLoss
from cyclesr.models.losses.frequency import FocalFrequencyLoss
from cyclesr.models.losses.gan import r1_penalty
from cyclesr.models.losses.lpips import LPIPSLoss
from cyclesr.models.losses.perceptual import PerceptualLoss
from cyclesr.models.losses.pixel import CharbonnierLoss, L1Loss, MSELoss
from cyclesr.models.losses.ssim import MSSSIMLoss, SSIMLoss
from cyclesr.models.losses.total_variation import TVLoss
from cyclesr.models.losses.wasserstein import gradient_penalty
from cyclesr.models.losses.weighted_sum import SumOfLosses

__all__ = [
    "ArtifactLoss",
    "CharbonnierLoss",
    "ChromaLoss",
    "ContextualBilateralLoss",
    "DISTSLoss",
    "FocalFrequencyLoss",
    "L1Loss",
    "LPIPSLoss",
    "MSELoss",
    "MSSSIMLoss",
    "PerceptualLoss",
    "SSIMLoss",
    "SumOfLosses",
    "TVLoss",
    "gradient_penalty",
    "r1_penalty",
]
