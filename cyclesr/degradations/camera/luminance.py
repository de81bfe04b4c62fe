"""Luminance of images with any number of bands."""

import numpy as np

_RGB = (0.299, 0.587, 0.114)  # ITU-R BT.601


def luminance_weights(channels: int) -> np.ndarray:
    """Returns the ``(channels,)`` weights of the bands, with sum 1: those of RGB, otherwise their mean.

    Spectral bands have no luminance, and their mean has the least noise.
    """
    return np.array(_RGB) if channels == 3 else np.full(channels, 1 / channels)


def luminance(image: np.ndarray) -> np.ndarray:
    """Returns the luminance ``(H, W)`` of ``(H, W, channels)``."""
    return np.asarray(image @ luminance_weights(image.shape[2]))
