"""Random degradations, drawn anew for each image: the steps of a chain, and the chain."""

from cyclesr.degradations.random.blur import RandomBlur
from cyclesr.degradations.random.chain import RandomChain
from cyclesr.degradations.random.compression import RandomCompression
from cyclesr.degradations.random.noise import RandomNoise
from cyclesr.degradations.random.resizing import RandomResize
from cyclesr.degradations.random.sharpening import RandomSharpening

__all__ = ["RandomBlur", "RandomChain", "RandomCompression", "RandomNoise", "RandomResize", "RandomSharpening"]
