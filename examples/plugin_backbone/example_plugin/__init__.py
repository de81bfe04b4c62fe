"""What cyclesr imports at its first look-up of a name: importing the two modules registers their classes."""

from example_plugin.backbone import DepthwiseSR
from example_plugin.translator import LearntBlur

__all__ = ["DepthwiseSR", "LearntBlur"]
