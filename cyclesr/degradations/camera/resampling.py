"""Traces of an enlargement in the pixels of an image.

Interpolation by 2, 3 or 4 (or 1.5) places the new pixels at a few positions between the old ones, in turn. How much
neighbours differ then has the period of these positions (Gallagher, "Detection of linear and cubic interpolation in
JPEG compressed images", CRV 2005). First differences of a bilinear enlargement by 3 have no period, nor do second
differences of any by 2, so both are used; for 2 only the first, because demosaicing leaves a period of 2 in the second.
The blocks of a JPEG have a period, too: 8 pixels.
"""

import numpy as np

PERIODS = (2, 3, 4)
_BLOCK = 8
_CLEAR = 8.0  # times the median over the frequencies
_NOT_OF_BLOCKS = 3.0  # times the strongest frequency that only blocks have
_LEAST_PIXELS = 64


def resampling_period(luminance: np.ndarray) -> int:
    """Returns the period of the traces in (H, W) luminance: 2, 3 or 4 pixels, or 0 if there are none.

    A period of 3 belongs to enlargements by 3 and by 1.5.
    """
    both = np.minimum(
        *(_strengths_along(luminance, axis) for axis in (0, 1))
    )  # an enlargement shows along both axes, a pattern in the scene often along one
    if both.max() <= 1:
        return 0
    return 4 if both[PERIODS.index(4)] > 1 else PERIODS[int(np.argmax(both))]  # 2 is a harmonic of 4


def _strengths_along(luminance: np.ndarray, axis: int) -> np.ndarray:
    first, second = (_strengths(np.abs(np.diff(luminance, order, axis)).mean(1 - axis)) for order in (1, 2))
    return np.where(np.array(PERIODS) == 2, first, np.maximum(first, second))


def _strengths(steps: np.ndarray) -> np.ndarray:
    """Returns the (periods,) strengths of periodic steps between neighbouring lines; those above 1 are clear."""
    if len(steps) < _LEAST_PIXELS:
        return np.zeros(len(PERIODS))
    detrended = np.log(steps + 1e-4)
    detrended = detrended - np.convolve(np.pad(detrended, 12, mode="edge"), np.full(25, 1 / 25), mode="valid")
    detrended = detrended * np.hanning(len(steps))
    frequencies = np.array([*(1 / period for period in PERIODS), 1 / _BLOCK, 3 / _BLOCK])
    waves = np.exp(-2j * np.pi * frequencies[:, None] * np.arange(len(steps)))
    strength = np.abs(waves @ detrended)
    background = np.median(np.abs(np.fft.rfft(detrended))[len(steps) // 10 :])
    return np.asarray(strength[:3] / np.maximum(_CLEAR * background, _NOT_OF_BLOCKS * strength[3:].max()))
