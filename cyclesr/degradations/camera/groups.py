"""Groups of images that differ in how they were taken or stored: several cameras or settings in one folder.

Images of one camera differ, too: in light, focus and scene. A folder is therefore split only if its images form two
separate clouds, as judged by the distance between the two halves over the scatter within them (Ashman's D), which must
exceed that of single clouds: a uniform one, and Gaussian ones with the same covariance that are split in the same way
(a parametric bootstrap, as in SigClust: Liu et al., "Statistical significance of clustering for high-dimension, low-
sample size data", JASA 2008).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cyclesr.degradations.camera.compression import CompressionMeasurement
from cyclesr.degradations.camera.measurement import CameraMeasurement, ImageMeasurement
from cyclesr.degradations.camera.mtf import FREQUENCIES
from cyclesr.degradations.camera.noise import NoiseMeasurement

#: Properties by which images are grouped, and their typical standard deviations over images of one camera.
SCATTER = {
    "sharpening": 0.08,  # logarithm of the MTF at middle frequencies
    "detail": 0.18,  # logarithm of the MTF at high frequencies
    "noise": 0.6,  # logarithm of the level
    "grain": 0.6,  # logarithm of the ratio of the power at low and high frequencies
    "colour": 0.35,  # of the noise: Fisher transform of the correlation
    "compression": 0.4,  # logarithm of the step of quantisation
    "subsampling": 0.5,
    "size": 1.0,  # logarithm of the side: crops of one camera differ, too, and are not split for it
}

_SHARPENING = (FREQUENCIES >= 0.1) & (FREQUENCIES <= 0.2)
_DETAIL = (FREQUENCIES >= 0.24) & (FREQUENCIES <= 0.36)
_COARSE = (FREQUENCIES >= 0.06) & (FREQUENCIES <= 0.14)
_FINE = FREQUENCIES > 0.3
_LEAST_LEVEL = 0.3 / 255  # rounding to 8 bits hides less noise
_LEAST_STEP = 0.1  # above quality 95, compression hardly matters
_CHROMINANCE = {None: 0.0, "4:4:4": 0.0, "4:2:2": 0.5, "4:2:0": 1.0}

LEAST_IMAGES = 8  #: with fewer, chance separates images
_LEAST_SHARE = 0.15  # of a group: fewer images are exceptions, such as those whose texture is taken for noise
_LEAST_GROUP = 4
_LEAST_DISTANCE = 4.0  # of two groups, in units of SCATTER; smaller differences do not matter for training
_UNIFORM = np.sqrt(12)  # Ashman's D of the halves of a uniform distribution
_ALIKE = np.array([0.05 if name == "size" else 1.0 for name in SCATTER])  # largest differences of one camera's medians
_DRAWS = 100
_FINEST = 0.3  # least scatter within a group, in units of SCATTER: tables of quantisation have none


@dataclass(frozen=True)
class ImageGroup:
    """Images that resemble each other more than the others.

    Attributes:
        indices: positions of the images in the measurement, ascending.
        differs_in: names of :data:`SCATTER` in which the group differs from the rest, most different first; empty if
            there is one group.
    """

    indices: tuple[int, ...]
    differs_in: tuple[str, ...]


def group_images(camera: CameraMeasurement) -> tuple[ImageGroup, ...]:
    """Splits the images of a measurement into groups of cameras or settings, the largest first.

    Images of one camera give one group. Fewer than 8 images are never split.
    """
    table = _properties(camera)
    parts = sorted(_split(table, np.arange(len(table))), key=lambda part: (-len(part), part[0]))
    return tuple(ImageGroup(tuple(map(int, part)), _differences(table, part)) for part in parts)


def look_alike(one: CameraMeasurement, other: CameraMeasurement) -> bool:
    """Returns whether two sets of images differ, in every property, by less than images of one camera do."""
    ours, theirs = (np.median(_complete(_properties(camera, np.log(camera.mtf))), 0) for camera in (one, other))
    return bool((np.abs(ours - theirs) < _ALIKE).all())


def _split(table: np.ndarray, part: np.ndarray) -> Iterator[np.ndarray]:
    """Yields the parts of a part that are not split further."""
    inside = _separated(table[part])
    if inside is None:
        yield part
        return
    yield from _split(table, part[inside])
    yield from _split(table, part[~inside])


def _separated(values: np.ndarray) -> np.ndarray | None:
    """Returns which (images,) belong to one of two clouds, or None if (images, properties) are one cloud."""
    if len(values) < LEAST_IMAGES:
        return None
    values = _complete(values)
    distance, inside = _best_halves(values)
    if inside is None or distance < _UNIFORM or np.linalg.norm(_gap(values, inside)) < _LEAST_DISTANCE:
        return None
    random = np.random.default_rng(0)
    covariance = np.cov(values.T) + 1e-9 * np.eye(values.shape[1])
    draws = (random.multivariate_normal(np.zeros(len(covariance)), covariance, len(values)) for _ in range(_DRAWS))
    return inside if distance > max(_best_halves(draw)[0] for draw in draws) else None


def _best_halves(values: np.ndarray) -> tuple[float, np.ndarray | None]:
    """Returns the largest distance between two halves, found by 2-means from several starts, and one of the halves."""
    best: tuple[float, np.ndarray | None] = (0.0, None)
    centred = values - values.mean(0)
    principal = np.linalg.svd(centred, full_matrices=False)[2][:2]
    for axis in (*np.eye(values.shape[1]), *principal):
        inside = _two_means(values, centred @ axis > 0)
        smallest = min(inside.sum(), (~inside).sum())
        if smallest >= max(_LEAST_GROUP, _LEAST_SHARE * len(values)):
            best = max(best, (_distance(values, inside), inside), key=lambda found: found[0])
    return best


def _two_means(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    for _ in range(20):
        if inside.all() or not inside.any():
            break
        away = [((values - values[half].mean(0)) ** 2).sum(1) for half in (inside, ~inside)]
        before, inside = inside, away[0] < away[1]
        if (inside == before).all():
            break
    return inside


def _gap(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    return np.asarray(values[inside].mean(0) - values[~inside].mean(0))


def _distance(values: np.ndarray, inside: np.ndarray) -> float:
    """Returns Ashman's D of two halves: their distance over the root mean square of their scatter along it."""
    gap = _gap(values, inside)
    along = values @ (gap / max(float(np.linalg.norm(gap)), 1e-9))
    scatter = max(np.sqrt((along[inside].var(ddof=1) + along[~inside].var(ddof=1)) / 2), _FINEST)
    return float(abs(along[inside].mean() - along[~inside].mean()) / scatter)


def _complete(values: np.ndarray) -> np.ndarray:
    """Replaces what could not be measured in an image by the median over the images."""
    known = np.where(np.isfinite(values).any(0), values, 0.0)
    return np.where(np.isfinite(known), known, np.nanmedian(known, 0))


def _differences(table: np.ndarray, part: np.ndarray) -> tuple[str, ...]:
    if len(part) == len(table):
        return ()
    values = _complete(table)
    gaps = np.abs(np.median(values[part], 0) - np.median(np.delete(values, part, 0), 0))
    return tuple(name for gap, name in sorted(zip(gaps, SCATTER, strict=True), reverse=True) if gap > 1)


def _properties(camera: CameraMeasurement, log_mtf: np.ndarray | float = 0.0) -> np.ndarray:
    """Returns (images, properties) in units of SCATTER; NaN where an image does not show a property.

    Args:
        camera: measurement of the images.
        log_mtf: is added to the deviations of the images from the mean MTF.
    """
    rows = [
        (deviation[_SHARPENING].mean(), deviation[_DETAIL].mean(), *_noise(image.noise), *_storage(image))
        for deviation, image in zip(camera.deviations + log_mtf, camera.images, strict=True)
    ]
    return np.array(rows) / np.array(list(SCATTER.values()))


def _noise(noise: NoiseMeasurement | None) -> tuple[float, float, float]:
    if noise is None:
        return (np.nan, np.nan, np.nan)
    spectrum = np.array(noise.spectrum)
    coarse, fine = (max(float(spectrum[band].mean()), 0.02) for band in (_COARSE, _FINE))  # drawings have no noise
    grain = np.log(coarse / fine)
    colour = np.arctanh(np.clip(np.mean(noise.correlation), -0.95, 0.95)) if noise.correlation else np.nan
    return float(np.log(max(noise.level, _LEAST_LEVEL))), float(grain), float(colour)


def _storage(image: ImageMeasurement) -> tuple[float, float, float]:
    found = image.compression
    side = np.log(image.height * image.width) / 2
    return _log_step(found), _CHROMINANCE[found.subsampling if found else None], float(side)


def _log_step(compression: CompressionMeasurement | None) -> float:
    """Returns the logarithm of the factor on the tables of the standard; a small one for no compression."""
    if compression is None:
        return float(np.log(_LEAST_STEP))
    quality = compression.quality
    return float(np.log(_LEAST_STEP + (50 / quality if quality < 50 else 2 - quality / 50)))
