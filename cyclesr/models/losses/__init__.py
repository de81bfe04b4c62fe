"""Losses: pure functions of tensors, and small registered classes that hold weights."""

from cyclesr.models.losses.pixel import CharbonnierLoss, L1Loss, MSELoss

__all__ = ["CharbonnierLoss", "L1Loss", "MSELoss"]
