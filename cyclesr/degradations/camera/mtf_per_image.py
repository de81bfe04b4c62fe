"""Differences between the MTFs of the images of a camera.

The edges of one image may be soft in the scene, so that one image shows its MTF only roughly. The deviation of an image
from the mean is therefore reduced to the part that scenes do not explain (empirical Bayes): images with one MTF get
one, whatever their scenes are.
"""

import numpy as np

from cyclesr.degradations.camera.mtf import FREQUENCIES, unsmeared

# Softness in the scene appears in the image and in its reductions. Subtracting this share of the reductions' deviation
# gave the highest correlation with the true MTFs of simulated images.
_REDUCED = 0.5
# The contribution of the scenes, the standard deviation over images with one MTF: its value without blur, and an error
# of the spectra, which matters where the MTF is small.
_SCENES = np.interp(FREQUENCIES, [0, 0.06, 0.1, 0.3, 0.5], [0.001, 0.04, 0.1, 0.13, 0.4])
_ERROR = 0.06
_NORMAL = 1.4826  # standard deviation over median absolute deviation


def mtf_deviations(spectra: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Compares images by their sharp edges.

    Args:
        spectra: ``(images, 1 + reductions, frequencies)``, see :func:`~cyclesr.degradations.camera.mtf.mean_spectra`.
        mean: ``(1 + reductions, frequencies)`` mean over the images, from which the mean MTF is computed.

    Returns:
        ``(images, frequencies)`` deviations of the logarithms of the MTFs from that of the mean; NaN for images with
        too few edges.
    """
    return np.array([_sharpness(image) for image in spectra]) - _sharpness(mean)


def spread(deviations: np.ndarray, mtf: np.ndarray) -> np.ndarray:
    """Returns the standard deviation of deviations without the contribution of the scenes.

    Args:
        deviations: ``(images, frequencies)`` from :func:`mtf_deviations`.
        mtf: ``(frequencies,)`` mean MTF.
    """
    known = deviations[np.isfinite(deviations).all(1)]
    if not len(known):
        return np.zeros(len(FREQUENCIES))
    found = _NORMAL * np.median(np.abs(known - np.median(known, 0)), 0)  # few images may be very different
    return np.asarray(np.sqrt(np.maximum(found**2 - _scenes(mtf) ** 2, 0)))


def shrink(deviations: np.ndarray, mtf: np.ndarray) -> np.ndarray:
    """Reduces deviations, as in :func:`spread`, to what scenes do not explain; 0 for images with too few edges."""
    differ = spread(deviations, mtf) ** 2
    kept = np.nan_to_num(deviations) * differ / (differ + _scenes(mtf) ** 2)
    most = 3 * np.sqrt(differ)
    return np.clip(kept, -most, most)


def _scenes(mtf: np.ndarray) -> np.ndarray:
    return np.hypot(_SCENES, _ERROR * mtf[0] / np.maximum(mtf, 0.01) - _ERROR)


def _sharpness(spectra: np.ndarray) -> np.ndarray:
    """Returns the (frequencies,) logarithm of an image's spectrum, corrected by those of its reductions."""
    reduced = [np.log(unsmeared(row)) for row in spectra[1:] if np.isfinite(row).all()]
    if not reduced or not np.isfinite(spectra[0]).all():
        return np.full(len(FREQUENCIES), np.nan)
    return np.asarray(np.log(unsmeared(spectra[0])) - _REDUCED * np.mean(reduced, 0))
