"""The noise of an image: its level as a function of brightness, its spectrum and its correlation between the bands.

It is measured in flat patches. The variance of its neighbours, not its own, decides whether a patch is flat. The
selection therefore has no bias towards patches whose noise is low by chance, and treats white noise and grain alike.
"""

from dataclasses import dataclass

import numpy as np

from cyclesr.degradations.camera.mtf import FREQUENCIES

PATCH = 16  # side of a patch in pixels
_STEP = PATCH // 2
_BINS = 8  # number of bins of brightness in [0, 1]
_FLATTEST = 0.04  # share of the patches of each bin that are measured
_LEAST_PATCHES = 5
_LOWEST = 0.02  # quantile of the variance that stands for a flat patch,
_AS_FLAT = 3.0  # and how many times as large that of other flat patches may be: bright ones have more noise
_ROUNDING = (1 / 255) ** 2 / 12  # variance of the rounding to 8 bits
_CLIPPED = (1.5 / 255, 253.5 / 255)
# Patches of noise have similar variances, even of coarse grain. The flattest patches of a bin are texture if the
# relative deviation of their variances is larger than _UNEQUAL, or their variance _TEXTURED times that of another bin.
_UNEQUAL = 0.25
_TEXTURED = 6.0
_NEGLIGIBLE = (2 / 255) ** 2  # variance up to which the rounding to 8 bits makes variances unequal, too
_QUARTILES = 1.349  # distance of the quartiles of a normal distribution, standard deviations
_LEAST_RANGE = 0.25  # of brightness: a smaller one does not show how noise depends on it

_AXIS = np.linspace(-1, 1, PATCH)
_PLANES = np.linalg.qr(np.stack([np.ones(PATCH**2), np.repeat(_AXIS, PATCH), np.tile(_AXIS, PATCH)], 1))[0]
_HANN = np.hanning(PATCH + 1)[:-1]
_WINDOW = _HANN[:, None] * _HANN
# Power spectrum of white noise of variance 1 after subtracting a plane and applying the window.
_WHITE = (np.abs(np.fft.fft2((np.eye(PATCH**2) - _PLANES @ _PLANES.T).reshape(-1, PATCH, PATCH) * _WINDOW)) ** 2).sum(0)


@dataclass(frozen=True)
class NoiseMeasurement:
    """Noise of one image, in units of an image in [0, 1].

    Attributes:
        brightness: mean brightness of the flat patches of each bin, ascending.
        std: standard deviations in each band (R, G and B) for each of these.
        read: standard deviation at brightness 0, from the fit variance = read^2 + shot * brightness.
        shot: increase of the variance with brightness, from the same fit.
        spectrum: power at ``FREQUENCIES`` with mean 1 over the plane of frequencies; 1 everywhere for white noise.
            Below 1/16 cycles per pixel, noise and shading are indistinguishable, and the value at 1/16 is repeated.
        correlation: correlation of each two bands in [-1, 1]: R with G, R with B and G with B; those of the first band
            with the others come first. Empty for gray images.
    """

    brightness: tuple[float, ...]
    std: tuple[tuple[float, ...], ...]
    read: float
    shot: float
    spectrum: tuple[float, ...]
    correlation: tuple[float, ...]

    @property
    def level(self) -> float:
        """Returns the standard deviation at mid-gray, averaged over the bands."""
        return float(np.sqrt(self.read**2 + 0.5 * self.shot))


def measure_noise(image: np.ndarray) -> NoiseMeasurement | None:
    """Measures the noise of an (H, W, channels) float image in [0, 1]; None if there are no flat, unclipped patches."""
    means, residuals, grid, clipped = _patches(image)
    if not len(means):
        return None
    variance = (residuals**2).sum(1) / (PATCH**2 - _PLANES.shape[1])  # (patches, channels)
    rank = _variance_of_neighbours(variance.mean(1).reshape(grid)).ravel()
    rank[clipped] = np.inf
    bins = np.minimum((means * _BINS).astype(int), _BINS - 1)
    flat = {index: _flattest(np.flatnonzero(bins == index), rank) for index in range(_BINS)}
    levels = {index: _level(variance[chosen]) for index, chosen in flat.items() if len(chosen)}
    levels = {index: level for index, level in levels.items() if np.isfinite(level).all()}
    if not levels:
        return None
    least = min(level.mean() for level in levels.values())
    levels = {index: level for index, level in levels.items() if level.mean() <= _TEXTURED * least}
    flat = {index: flat[index] for index in levels}
    brightness = np.array([means[chosen].mean() for chosen in flat.values()])
    read, shot = _fit(brightness, np.array([level.mean() for level in levels.values()]))
    chosen = np.concatenate(list(flat.values()))
    return NoiseMeasurement(
        brightness=tuple(map(float, brightness)),
        std=tuple(tuple(map(float, level)) for level in np.sqrt(list(levels.values()))),
        read=read,
        shot=shot,
        spectrum=tuple(map(float, _spectrum(residuals[chosen]))),
        correlation=_correlation(residuals[chosen]),
    )


def flat_corners(image: np.ndarray) -> np.ndarray:
    """Finds the flattest patches of PATCH x PATCH pixels, judged by their neighbours as :func:`measure_noise` does.

    Args:
        image: ``(H, W, channels)``, float in [0, 1].

    Returns:
        ``(n, 2)`` (y, x) of their top left pixels; n = 0 if the image is too small or all patches are clipped.
    """
    _, residuals, grid, clipped = _patches(image)
    if clipped.all():
        return np.zeros((0, 2), int)
    rank = _variance_of_neighbours((residuals**2).mean((1, 2)).reshape(grid)).ravel()
    rank[clipped] = np.inf
    least = np.quantile(rank[~clipped], _LOWEST) + _ROUNDING
    chosen = np.flatnonzero(rank <= _AS_FLAT * least)
    return np.stack([chosen // grid[1], chosen % grid[1]], 1) * _STEP


def _patches(image: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[int, int], np.ndarray]:
    """Returns means (n,), residuals (n, pixels, channels) from a plane, the size of the grid, and which are clipped."""
    if min(image.shape[:2]) < PATCH:
        return np.zeros(0), np.zeros((0, PATCH**2, image.shape[2])), (0, 0), np.zeros(0, bool)
    views = np.lib.stride_tricks.sliding_window_view(image, (PATCH, PATCH), axis=(0, 1))[::_STEP, ::_STEP]
    grid = views.shape[:2]
    values = views.reshape(-1, image.shape[2], PATCH**2).transpose(0, 2, 1).astype(np.float32)
    clipped = ((values < _CLIPPED[0]) | (values > _CLIPPED[1])).mean((1, 2)) > 0.01
    planes = _PLANES.astype(np.float32)
    return values.mean((1, 2)), values - planes @ (planes.T @ values), (grid[0], grid[1]), clipped


def _variance_of_neighbours(variance: np.ndarray) -> np.ndarray:
    """Computes (rows, columns) means over the four nearest patches that do not overlap, mirrored at the borders."""
    distance = PATCH // _STEP
    padded = np.pad(variance, distance, mode="symmetric")
    rows, columns = variance.shape
    shifts = ((0, distance), (2 * distance, distance), (distance, 0), (distance, 2 * distance))
    return np.mean([padded[y : y + rows, x : x + columns] for y, x in shifts], 0)


def _flattest(candidates: np.ndarray, rank: np.ndarray) -> np.ndarray:
    candidates = candidates[np.isfinite(rank[candidates])]
    if len(candidates) < 4 * _LEAST_PATCHES:
        return candidates[:0]
    count = max(int(_FLATTEST * len(candidates)), _LEAST_PATCHES)
    return np.asarray(candidates[np.argsort(rank[candidates], kind="stable")[:count]])


def _level(variance: np.ndarray) -> np.ndarray:
    """Returns the (channels,) variances of the noise from those of flat patches (patches, channels).

    They are NaN if the patches are texture.
    """
    low, middle, high = np.quantile(variance.mean(1), (0.25, 0.5, 0.75))
    if middle > _NEGLIGIBLE and high - low > _UNEQUAL * _QUARTILES * middle:
        return np.full(variance.shape[1], np.nan)
    return np.asarray(np.median(variance, 0))


def _fit(brightness: np.ndarray, variance: np.ndarray) -> tuple[float, float]:
    """Fits read noise and shot factor, both non-negative, by least squares of relative errors."""
    weight = 1 / np.maximum(variance, 1e-9)
    design = np.stack([np.ones_like(brightness), brightness], 1)
    constant, slope = np.linalg.lstsq(design * weight[:, None], variance * weight, rcond=None)[0]
    if np.ptp(brightness) < _LEAST_RANGE or slope < 0:
        constant, slope = np.average(variance, weights=weight**2), 0.0
    elif constant < 0:
        constant, slope = 0.0, (weight**2 * brightness * variance).sum() / ((weight * brightness) ** 2).sum()
    return float(np.sqrt(constant)), float(slope)


def _spectrum(residuals: np.ndarray) -> np.ndarray:
    patches = residuals.transpose(0, 2, 1).reshape(-1, PATCH, PATCH)
    power = (np.abs(np.fft.fft2(patches * _WINDOW)) ** 2).mean(0)
    axis = np.fft.fftfreq(PATCH)
    ring = np.rint(np.hypot(axis[:, None], axis) * PATCH).astype(int)
    rings = np.arange(1, ring.max() + 1)
    radial = np.array([power[ring == index].sum() / _WHITE[ring == index].sum() for index in rings])
    mean = np.interp(ring, rings, radial).mean()
    return np.interp(FREQUENCIES, rings / PATCH, radial / max(mean, 1e-20))


def _correlation(residuals: np.ndarray) -> tuple[float, ...]:
    covariance = np.einsum("npi,npj->ij", residuals, residuals, dtype=np.float64)
    scale = np.sqrt(np.maximum(np.diag(covariance), 1e-20))
    matrix = covariance / np.outer(scale, scale)
    return tuple(map(float, matrix[np.triu_indices(len(matrix), 1)]))
