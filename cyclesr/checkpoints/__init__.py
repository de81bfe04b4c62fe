"""Checkpoint files: reading and writing SR networks, safety checks, and published weights."""

from cyclesr.checkpoints.reading import is_whole, read_checkpoint
from cyclesr.checkpoints.sr_network import load_sr, read_sr, save_sr
from cyclesr.checkpoints.weights import load_weights

__all__ = ["is_whole", "load_sr", "load_weights", "read_checkpoint", "read_sr", "save_sr"]
