"""Noise and compression of all images of a camera in a few numbers."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cyclesr.degradations.camera.measurement import CameraMeasurement
from cyclesr.degradations.camera.mtf import FREQUENCIES

NoiseKind = Literal["hidden", "white", "grain"]

_HIDDEN = 0.4 / 255  # rounding to 8 bits has 0.29 levels
_FINE = FREQUENCIES >= 0.3
_WHITE = 0.6  # of the mean power: with less power at high frequencies, noise is grain


@dataclass(frozen=True)
class NoiseSummary:
    """Noise of a camera: medians over the images in which it could be measured, in units of an image in [0, 1].

    Attributes:
        images: number of these images.
        level: standard deviation at mid-gray.
        low: tenth percentile of the level over images.
        high: ninetieth percentile.
        black: standard deviation at brightness 0.
        white: standard deviation at brightness 1.
        spectrum: power at :data:`~cyclesr.degradations.camera.FREQUENCIES`, with mean 1 over the plane.
        bands: standard deviation in each band, mean over brightness.
        correlation: of two bands, mean over all pairs; None for gray images.
    """

    images: int
    level: float
    low: float
    high: float
    black: float
    white: float
    spectrum: tuple[float, ...]
    bands: tuple[float, ...]
    correlation: float | None

    @property
    def kind(self) -> NoiseKind:
        """Returns ``hidden`` if there is hardly more than rounding, else whether noise is white or coarse grain."""
        if self.level < _HIDDEN:
            return "hidden"
        return "white" if float(np.mean(np.array(self.spectrum)[_FINE])) > _WHITE else "grain"


def summarise_noise(camera: CameraMeasurement) -> NoiseSummary | None:
    """Summarises the noise; None if no image has flat patches."""
    noises = camera.noises
    if not noises:
        return None
    levels = [noise.level for noise in noises]
    correlations = [np.mean(noise.correlation) for noise in noises if noise.correlation]
    return NoiseSummary(
        images=len(noises),
        level=float(np.median(levels)),
        low=float(np.quantile(levels, 0.1)),
        high=float(np.quantile(levels, 0.9)),
        black=float(np.median([noise.read for noise in noises])),
        white=float(np.median([np.hypot(noise.read, np.sqrt(noise.shot)) for noise in noises])),
        spectrum=tuple(map(float, np.median([noise.spectrum for noise in noises], 0))),
        bands=tuple(map(float, np.median([np.mean(noise.std, 0) for noise in noises], 0))),
        correlation=float(np.median(correlations)) if correlations else None,
    )


@dataclass(frozen=True)
class CompressionSummary:
    """JPEG compression of a folder.

    Attributes:
        images: number of all images.
        in_files: how many are JPEG files, whose tables were read.
        in_pixels: how many others show traces of a JPEG in their pixels.
        qualities: of both, ascending.
        subsamplings: number of images by chroma subsampling, most frequent first; ``other`` for what has no name. Empty
            for gray images.
    """

    images: int
    in_files: int
    in_pixels: int
    qualities: tuple[int, ...]
    subsamplings: dict[str, int]


def summarise_compression(camera: CameraMeasurement) -> CompressionSummary:
    """Counts how the images are compressed."""
    found = [image.compression for image in camera.images if image.compression is not None]
    kinds = [one.subsampling or "other" for one in found]
    return CompressionSummary(
        images=len(camera.images),
        in_files=sum(one.source == "header" for one in found),
        in_pixels=sum(one.source == "pixels" for one in found),
        qualities=tuple(sorted(one.quality for one in found)),
        subsamplings=dict(Counter(kinds if camera.channels == 3 else ()).most_common()),
    )
