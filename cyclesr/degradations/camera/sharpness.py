"""Sharpness of images in a few numbers, and whether one set of images is sharper than another."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from cyclesr.degradations.camera.measurement import CameraMeasurement
from cyclesr.degradations.camera.mtf import FREQUENCIES

_HALF, _NOTHING = 0.5, 0.1  # gains; below the second, detail cannot be seen any more
_SHARPENED, _HIGH = 1.05, 0.3  # smaller peaks, and peaks at higher frequencies, are errors of the measurement
_NYQUIST = float(FREQUENCIES[-1])
_DETAIL = FREQUENCIES >= 0.2
_DRAWS = 100
_LEAST_DIFFERENCE = 0.06  # of detail: what the scenes of two sets change
_SIGNIFICANT = 2.0  # standard errors
_SIGMAS = np.linspace(0, 3, 301)  # standard deviations of Gaussian blurs, pixels


@dataclass(frozen=True)
class Sharpness:
    """What an MTF says.

    Attributes:
        peak: highest gain.
        peak_frequency: its frequency, cycles per pixel.
        half: frequency above which the gain is below 0.5 (MTF50), at most 0.5 cycles per pixel.
        limit: frequency above which the gain is below 0.1: detail ends there; at most 0.5.
        detail: mean gain from 0.2 to 0.5 cycles per pixel, in [0, 1]: gains above 1 count as 1, because sharpening adds
            no detail.
        error: standard error of ``detail``, from the differences between the images.
    """

    peak: float
    peak_frequency: float
    half: float
    limit: float
    detail: float
    error: float

    @property
    def sharpens(self) -> bool:
        """Returns whether the camera amplifies middle frequencies."""
        return self.peak > _SHARPENED and self.peak_frequency < _HIGH


Verdict = Literal["sharper", "alike", "softer"]


@dataclass(frozen=True)
class SharpnessComparison:
    """Comparison of the HR images, reduced by the scale, with the real images.

    Attributes:
        sharp: sharpness of the reduced HR images.
        real: sharpness of the real images.
    """

    sharp: Sharpness
    real: Sharpness

    @cached_property
    def verdict(self) -> Verdict:
        """Returns whether the reduced HR images are sharper than the real ones; a difference within errors is none."""
        difference = self.sharp.detail - self.real.detail
        error = float(np.hypot(self.sharp.error, self.real.error))
        if abs(difference) < max(_LEAST_DIFFERENCE, _SIGNIFICANT * error):
            return "alike"
        return "sharper" if difference > 0 else "softer"


def sharpness(camera: CameraMeasurement) -> Sharpness:
    """Summarises the MTF of a measurement.

    Raises:
        UserError: the images have too few edges.
    """
    mtf = camera.mtf
    random = np.random.default_rng(0)
    draws = [_detail(mtf) for mtf in camera.resampled_mtfs(_DRAWS, random)]
    at = int(np.argmax(mtf))
    return Sharpness(
        peak=float(mtf[at]),
        peak_frequency=float(FREQUENCIES[at]),
        half=_last_above(mtf, _HALF),
        limit=_last_above(mtf, _NOTHING),
        detail=_detail(mtf),
        error=float(np.std(draws)) if draws else 0.0,
    )


def _detail(mtf: np.ndarray) -> float:
    return float(np.minimum(mtf, 1)[_DETAIL].mean())


def _last_above(mtf: np.ndarray, gain: float) -> float:
    """Returns the frequency at which an MTF falls below a gain for the first time, interpolated; 0.5 if it does not."""
    below = np.flatnonzero(mtf < gain)
    if not len(below):
        return _NYQUIST
    after = below[0]
    return float(np.interp(gain, [mtf[after], mtf[after - 1]], FREQUENCIES[[after, after - 1]]))


def gaussian_error(mtf: np.ndarray) -> float:
    """Returns the largest difference between an MTF and that of the Gaussian blur that fits it best.

    Args:
        mtf: gains at :data:`~cyclesr.degradations.camera.FREQUENCIES`.
    """
    gaussians = np.exp(-2 * (np.pi * _SIGMAS[:, None] * FREQUENCIES) ** 2)
    return float(np.abs(gaussians - mtf).max(1).min())
