"""CameraDegradation: the translator and what it draws for each image."""

from cyclesr.models.translators.camera.kernels import CameraKernels
from cyclesr.models.translators.camera.noise import CameraNoise
from cyclesr.models.translators.camera.translator import CameraDegradation

__all__ = ["CameraDegradation", "CameraKernels", "CameraNoise"]
