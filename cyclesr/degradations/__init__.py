"""Degradations of HR images to LR images."""

from cyclesr.degradations.bicubic import Bicubic
from cyclesr.degradations.blur import Blur
from cyclesr.degradations.chain import Chain
from cyclesr.degradations.kernels import blur_kernel
from cyclesr.degradations.noise import Noise
from cyclesr.degradations.random import (
    RandomBlur,
    RandomChain,
    RandomCompression,
    RandomNoise,
    RandomResize,
    RandomSharpening,
)
from cyclesr.degradations.track import TrackDegradation

__all__ = [
    "Bicubic",
    "Blur",
    "Chain",
    "Noise",
    "RandomBlur",
    "RandomChain",
    "RandomCompression",
    "RandomNoise",
    "RandomResize",
    "RandomSharpening",
    "TrackDegradation",
    "blur_kernel",
]
