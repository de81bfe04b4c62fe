"""Inference: using a trained SR network on images of any size, on files and on folders."""

from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.inference.upscale import Upscaler

__all__ = ["Upscaler", "load_sr"]
