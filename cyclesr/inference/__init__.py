"""Using a trained SR network: checkpoints, images of any size, files."""

from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.inference.upscale import Upscaler

__all__ = ["Upscaler", "load_sr"]
