"""Measurement of a camera from its images, without HR images: sharpness (MTF), noise and compression of each image."""

from cyclesr.degradations.camera.compression import CompressionMeasurement
from cyclesr.degradations.camera.flat_patches import PATCH_SIDE, patches_of_files
from cyclesr.degradations.camera.kernel import kernel_from_mtf, mtf_of_kernel
from cyclesr.degradations.camera.measurement import (
    CameraMeasurement,
    ImageMeasurement,
    measure_files,
    measure_images,
)
from cyclesr.degradations.camera.mtf import FREQUENCIES
from cyclesr.degradations.camera.noise import NoiseMeasurement

__all__ = [
    "FREQUENCIES",
    "PATCH_SIDE",
    "CameraMeasurement",
    "CompressionMeasurement",
    "ImageMeasurement",
    "NoiseMeasurement",
    "kernel_from_mtf",
    "measure_files",
    "measure_images",
    "mtf_of_kernel",
    "patches_of_files",
]
