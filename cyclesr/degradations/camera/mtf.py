"""The radial modulation transfer function (MTF) of a camera, from its images and their own reductions.

Edges of a scene look alike at all scales. An image reduced by k (antialiased bicubic) therefore shows the edges without
the camera's blur and sharpening, except for their effect at frequencies below 0.5 / k. With E_k(f), the mean spectrum
of the edges of the image reduced by k,

    E_1(f) / E_k(f) = MTF(f) / MTF(f / k),    hence    MTF(f) = prod_i E_1(f / k^i) / E_k(f / k^i),  i = 0, 1, ...

Averaging the complex spectra of edges removes noise without a model of it: noise is not aligned to edges.
The MTF is that of a kernel applied to an antialiased bicubic LR image of an ideal scene.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from cyclesr.degradations.camera.edges import POSITIONS, Edges, find_edges
from cyclesr.degradations.imresize import imresize

#: Cycles per pixel at which every MTF and noise spectrum of this package is given.
FREQUENCIES = np.linspace(0, 0.5, 26)
REDUCTIONS = (2, 3, 4)

# The softest edges, this share of the weight of all edges of a set of images, are soft in the scene (out of focus,
# shadows) and are not used.
_SOFTEST = 0.4
_SHARPEST = 0.2  # this share of the weight of an image's edges is used even if they are soft: the camera may blur them
# High edges have larger weights, as in any mean of squares, such as that of fitting a kernel to pairs. Phones sharpen
# high edges less than low ones.
_POWER = 3
_LEAST_EDGES = 5  # of an image or a reduction of it: with fewer, it is not used
_WIDTH = 0.75  # the sharpness of an edge is measured over this many pixels on each side
_LOWEST = 0.003  # minimum of an MTF; smaller values are noise

_BETWEEN = (POSITIONS[1:] + POSITIONS[:-1]) / 2
_STEP = POSITIONS[1] - POSITIONS[0]
_TAPER = np.cos(np.clip((np.abs(_BETWEEN) - 3.5) / 3.25, 0, 1) * np.pi / 2) ** 2
_FOURIER = np.exp(-2j * np.pi * FREQUENCIES[:, None] * _BETWEEN) / np.sinc(FREQUENCIES * _STEP)[:, None]

# The taper smears a spectrum with its own transform. Rows: FREQUENCIES; columns: -1 to 1 cycles per pixel.
_WIDE = np.linspace(-1, 1, 4 * len(FREQUENCIES) - 3)
_SMEAR = (_TAPER * np.cos(2 * np.pi * (FREQUENCIES[:, None] - _WIDE)[..., None] * _BETWEEN)).sum(-1)
_ALIGNED_AT = (0.06, 0.1, 0.14, 0.18)  # cycles per pixel, from coarse to fine
_UNSMEARING_STEPS = 3  # more amplify noise


class EdgeSpectra(NamedTuple):
    """Spectra of the edges of one image or of a reduction of it.

    Attributes:
        spectra: ``(edges, frequencies)``, smeared by the taper, 1 at frequency 0.
        rises: ``(edges,)`` sharpness: the share of an edge's height within 0.75 pixels on each side.
        weights: ``(edges,)`` in any mean.
    """

    spectra: np.ndarray
    rises: np.ndarray
    weights: np.ndarray


def edge_spectra(luminance: np.ndarray) -> list[EdgeSpectra]:
    """Measures the edges of ``(H, W)`` luminance in [0, 1] and of each of its reductions, the image itself first."""
    return [_spectra(find_edges(reduce(luminance, factor))) for factor in (1, *REDUCTIONS)]


def mean_spectra(images: Sequence[Sequence[EdgeSpectra]]) -> tuple[np.ndarray, np.ndarray]:
    """Averages the spectra of each image over its sharp edges. What is sharp is judged over the edges of all images.

    Args:
        images: for each image, the results of :func:`edge_spectra`.

    Returns:
        ``(images, 1 + reductions, frequencies)`` spectra, NaN where there are too few edges, and the weights of the
        images ``(images, 1 + reductions)`` in a mean over the images. No image has more than the median weight.
    """
    scales = [_mean_spectra(scale) for scale in zip(*images, strict=True)]
    return np.stack([spectra for spectra, _ in scales], 1), np.stack([weights for _, weights in scales], 1)


def _mean_spectra(images: Sequence[EdgeSpectra]) -> tuple[np.ndarray, np.ndarray]:
    totals = np.array([image.weights.sum() for image in images])
    shares = np.minimum(1, np.median(totals) / np.maximum(totals, 1e-12))
    weights = np.concatenate([image.weights * share for image, share in zip(images, shares, strict=True)])
    least = _quantile(np.concatenate([image.rises for image in images]), weights, _SOFTEST)
    means, left = np.full((len(images), len(FREQUENCIES)), np.nan), np.zeros(len(images))
    for index, (image, share) in enumerate(zip(images, shares, strict=True)):
        sharp = image.rises >= min(least, _quantile(image.rises, image.weights, 1 - _SHARPEST))
        if sharp.sum() >= _LEAST_EDGES:
            means[index] = np.average(image.spectra[sharp], axis=0, weights=image.weights[sharp])
            left[index] = share * image.weights[sharp].sum()
    return means, left


def _quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    if not len(values):
        return 0.0
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(below, share * below[-1])])


def mtf_from_spectra(spectra: np.ndarray) -> np.ndarray:
    """Converts spectra of edges to an MTF.

    Args:
        spectra: ``(1 + reductions, frequencies)`` of one image, as :func:`mean_spectra` returns them, or means over
            images.

    Returns:
        (frequencies,) MTF, 1 at frequency 0, the geometric mean over reductions; NaN where no reduction has edges.
    """
    logs = [
        _telescope(np.log(unsmeared(spectra[0]) / unsmeared(reduced)), factor)
        for factor, reduced in zip(REDUCTIONS, spectra[1:], strict=True)
        if np.isfinite(reduced).all()
    ]
    if not logs or not np.isfinite(spectra[0]).all():
        return np.full(len(FREQUENCIES), np.nan)
    return np.exp(np.mean(logs, 0))


def _telescope(log_ratio: np.ndarray, factor: int) -> np.ndarray:
    """Sums log_ratio(f) + log_ratio(f / factor) + ... until the frequencies are negligible."""
    total, frequencies = np.zeros_like(log_ratio), FREQUENCIES
    while frequencies[-1] > 0.005:
        total = total + np.interp(frequencies, FREQUENCIES, log_ratio)
        frequencies = frequencies / factor
    return total


def _spectra(edges: Edges) -> EdgeSpectra:
    if not len(edges.heights):
        return EdgeSpectra(np.zeros((0, len(FREQUENCIES))), np.zeros(0), np.zeros(0))
    near, far = (np.searchsorted(POSITIONS, side) for side in (-_WIDTH, _WIDTH))
    spectra = (np.diff(edges.profiles, axis=1) * _TAPER) @ _FOURIER.T
    spectra = _centred(spectra / spectra[:, :1]).real
    return EdgeSpectra(spectra, edges.profiles[:, far] - edges.profiles[:, near], edges.heights**_POWER)


def unsmeared(spectrum: np.ndarray) -> np.ndarray:
    """Finds the spectrum that the taper smears to the one given (Richardson's iteration, 1 at frequency 0)."""
    sharp = spectrum = np.maximum(spectrum, _LOWEST)
    for _ in range(_UNSMEARING_STEPS):
        smeared = _SMEAR @ np.interp(np.abs(_WIDE), FREQUENCIES, sharp)
        sharp = np.maximum(sharp * spectrum / np.maximum(smeared / smeared[0], _LOWEST), _LOWEST)
        sharp = sharp / sharp[0]
    return sharp


def _centred(spectra: np.ndarray) -> np.ndarray:
    """Removes the linear phase of each row, because errors of a fraction of a pixel in the edge positions add blur.

    The weight of a frequency is the agreement of the edges at it. Otherwise, aligned phases of noise would look like
    signal.
    """
    agreement = np.abs(spectra.mean(0)) ** 2 / np.maximum((np.abs(spectra) ** 2).mean(0), 1e-20)
    shift = np.zeros(len(spectra))
    for index in np.searchsorted(FREQUENCIES, _ALIGNED_AT):
        left = np.angle(spectra[:, index] * np.exp(-1j * shift * FREQUENCIES[index]))
        shift += agreement[index] * left / FREQUENCIES[index]
    return spectra * np.exp(-1j * shift[:, None] * FREQUENCIES)


def reduce(luminance: np.ndarray, factor: int) -> np.ndarray:
    """Reduces ``(H, W)`` luminance by a whole factor (antialiased bicubic); the surplus at the borders is cut off."""
    if factor == 1:
        return luminance
    height, width = (side // factor for side in luminance.shape)
    if min(height, width) < 2:
        return np.zeros((0, 0))
    whole = torch.from_numpy(np.ascontiguousarray(luminance[: height * factor, : width * factor]))
    return imresize(whole, size=(height, width)).numpy()
