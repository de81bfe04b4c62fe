"""Measurements of one image, and of all images of a camera."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cyclesr.degradations.camera.compression import CompressionMeasurement, measure_compression, read_compression
from cyclesr.degradations.camera.luminance import luminance
from cyclesr.degradations.camera.mtf import (
    FREQUENCIES,
    EdgeSpectra,
    edge_spectra,
    mean_spectra,
    mtf_from_spectra,
    reduce,
)
from cyclesr.degradations.camera.mtf_per_image import mtf_deviations, shrink, spread
from cyclesr.degradations.camera.noise import NoiseMeasurement, measure_noise
from cyclesr.degradations.camera.resampling import resampling_period
from cyclesr.errors import UserError
from cyclesr.images.reading import read_image

# Larger images are measured only in their central part, which is sufficient and limits the time.
_LARGEST_SIDE = 1024
_LARGEST_REDUCED = 640  # of images that are reduced first
DARK = 4  #: headroom from which images are called dark
_FAR_ABOVE = 4.0  # times the median level of the noise


@dataclass(frozen=True)
class ImageMeasurement:
    """Measurements of one image.

    Attributes:
        name: name of the file.
        height: height of the whole image in pixels.
        width: width of the whole image in pixels.
        edges: number of isolated edges found in the image.
        edge_spectra: spectra of the sharp edges of the image and of its reductions, see
            :func:`~cyclesr.degradations.camera.mtf.mean_spectra`; None instead of a spectrum if there are too few
            edges.
        edge_weights: the weights of these spectra in a mean over images.
        noise: noise of the image, or None if it has no flat patch.
        compression: JPEG compression, or None if neither the file nor its pixels show any.
        resampling_period: period in pixels of the traces of an enlargement, or 0 if there are none, see
            :func:`~cyclesr.degradations.camera.resampling.resampling_period`.
        channels: number of channels with which the image was read: 3 for RGB, 1 for gray.
        bits: bits per sample of the image, 8 or 16.
        largest: its largest value, in units of [0, 1].
    """

    name: str
    height: int
    width: int
    edges: int
    edge_spectra: tuple[tuple[float, ...] | None, ...]
    edge_weights: tuple[float, ...]
    noise: NoiseMeasurement | None
    compression: CompressionMeasurement | None
    resampling_period: int = 0
    channels: int = 3
    bits: int = 8
    largest: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """Returns plain lists, numbers and strings, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, entry: dict[str, Any]) -> "ImageMeasurement":
        """Restores the result of ``to_dict``, also after a round trip through JSON."""
        values = {key: _tuples(value) for key, value in entry.items()}
        for key, kind in (("noise", NoiseMeasurement), ("compression", CompressionMeasurement)):
            values[key] = entry[key] and kind(**{name: _tuples(value) for name, value in entry[key].items()})
        return cls(**values)


@dataclass(frozen=True)
class CameraMeasurement:
    """Measurements of all images of a camera (or of a folder).

    Attributes:
        images: measurements of the images.
    """

    images: tuple[ImageMeasurement, ...]

    @property
    def channels(self) -> int:
        """Returns the number of channels of the images."""
        return self.images[0].channels

    @property
    def bits(self) -> int:
        """Returns the bits per sample, 16 if all images have 16, otherwise 8."""
        return min(image.bits for image in self.images)

    @property
    def headroom(self) -> int:
        """Returns by which power of two all values can be multiplied without clipping, of 16-bit images; otherwise 1.

        Microscopes and satellites often store values of 10 to 14 bits in 16.
        """
        largest = max(image.largest for image in self.images)
        return 2 ** int(np.log2(1 / largest)) if self.bits == 16 and largest > 0 else 1

    @cached_property
    def mtf(self) -> np.ndarray:
        """Returns the ``(frequencies,)`` MTF from the edges of all images.

        Raises:
            UserError: no image has enough edges.
        """
        mtf = mtf_from_spectra(self._mean_spectra)
        if not np.isfinite(mtf).all():
            raise UserError(
                f"None of the {len(self.images)} images has enough sharp, isolated edges to measure the camera: use "
                f"more or larger images.{self._dark}"
            )
        return mtf

    @property
    def _dark(self) -> str:
        if self.headroom < DARK:
            return ""
        return f" They use 1/{self.headroom} of the range of 16 bits: multiply their values by {self.headroom}."

    @property
    def has_mtf(self) -> bool:
        """Returns whether the images have enough edges for :attr:`mtf`."""
        return bool(np.isfinite(mtf_from_spectra(self._mean_spectra)).all())

    @property
    def edges(self) -> int:
        """Returns the number of edges in all images."""
        return sum(image.edges for image in self.images)

    @cached_property
    def mtfs(self) -> np.ndarray:
        """Returns the ``(images, frequencies)`` MTFs of the images, that of the camera for images without edges.

        An image alone shows less: its edges may be soft in the scene. So it moves from the mean over all images as far
        as images differ more than scenes do (empirical Bayes).
        """
        return np.asarray(self.mtf * np.exp(shrink(self.deviations, self.mtf)))

    @cached_property
    def spread(self) -> np.ndarray:
        """Returns the ``(frequencies,)`` standard deviation of the logarithm of the MTF over images."""
        return spread(self.deviations, self.mtf)

    def resampled_mtfs(self, count: int, random: np.random.Generator) -> np.ndarray:
        """Returns ``(count, frequencies)`` MTFs of random draws of the images with replacement (bootstrap).

        Draws without enough edges are left out.

        Args:
            count: number of draws.
            random: source of randomness.
        """
        times = random.multinomial(len(self.images), np.full(len(self.images), 1 / len(self.images)), count)
        mtfs = [mtf_from_spectra(self._mean_of(drawn)) for drawn in times]
        return np.array([mtf for mtf in mtfs if np.isfinite(mtf).all()]).reshape(-1, len(FREQUENCIES))

    @cached_property
    def noises(self) -> tuple[NoiseMeasurement, ...]:
        """Returns the noise of the images that have one, without those far above the others.

        In an image that has nothing but even texture, such as grass, texture is taken for noise.
        """
        return tuple(noise for noise in self._plausible_noises if noise is not None)

    @cached_property
    def noise_of_each(self) -> tuple[NoiseMeasurement | None, ...]:
        """Returns the noise of each image; images without one get those of the others in turn. None if none has one."""
        others = cycle(self.noises or (None,))
        return tuple(noise or next(others) for noise in self._plausible_noises)

    @cached_property
    def _plausible_noises(self) -> tuple[NoiseMeasurement | None, ...]:
        """Returns the noise of each image, None where there is none or one far above the others."""
        found = [image.noise for image in self.images]
        levels = [noise.level for noise in found if noise is not None]
        most = _FAR_ABOVE * float(np.median(levels)) if levels else 0.0
        return tuple(noise if noise is not None and noise.level <= most else None for noise in found)

    @cached_property
    def _spectra(self) -> np.ndarray:
        """(images, 1 + reductions, frequencies), NaN where there are too few edges."""
        missing = (np.nan,) * len(FREQUENCIES)
        return np.array([[missing if row is None else row for row in image.edge_spectra] for image in self.images])

    @cached_property
    def deviations(self) -> np.ndarray:
        """Returns the ``(images, frequencies)`` deviations of the logarithms of the images' MTFs from the mean.

        They include the effect of the scenes, which :attr:`mtfs` leaves out; NaN for images with too few edges.
        """
        return mtf_deviations(self._spectra, self._mean_spectra)

    @cached_property
    def _mean_spectra(self) -> np.ndarray:
        return self._mean_of(np.ones(len(self.images)))

    def _mean_of(self, times: np.ndarray) -> np.ndarray:
        """(1 + reductions, frequencies), each image counted so many times; NaN where none has enough edges."""
        weights = times[:, None, None] * np.array([image.edge_weights for image in self.images])[..., None]
        total = weights.sum(0)
        return np.asarray((np.nan_to_num(self._spectra) * weights).sum(0) / np.where(total, total, np.nan))

    def relative_mtf(self, sharp: "CameraMeasurement") -> np.ndarray:
        """Returns the (frequencies,) MTF of a kernel that makes images like ``sharp`` as sharp as these.

        Args:
            sharp: measurement of bicubic LR images made from the available HR images. Those come from a camera, too,
                and a kernel for them must compensate for its blur or sharpening.
        """
        return np.asarray(self.mtf / np.maximum(sharp.mtf, _LEAST_GAIN))

    def to_dict(self) -> dict[str, Any]:
        """Returns plain lists, numbers and strings, for JSON."""
        return dict(frequencies=FREQUENCIES.tolist(), images=[image.to_dict() for image in self.images])

    @classmethod
    def from_dict(cls, entry: dict[str, Any]) -> "CameraMeasurement":
        """Restores the result of ``to_dict``, also after a round trip through JSON."""
        return cls(tuple(map(ImageMeasurement.from_dict, entry["images"])))


# Minimum of the sharper images' MTF in the division; where it is smaller, they have no detail, either.
_LEAST_GAIN = 0.05


def measure_images(images: Iterable[np.ndarray], names: Sequence[str] | None = None) -> CameraMeasurement:
    """Measures images of one camera.

    Args:
        images: ``(H, W, channels)`` each, with the same number of channels, in uint8, uint16, or float in [0, 1].
        names: names for the results.

    Raises:
        UserError: there are no images.
    """
    return _together(_measured(image, names[index] if names else "", None) for index, image in enumerate(images))


def measure_files(
    paths: Iterable[str | Path],
    *,
    channels: int = 3,
    reduced_by: int = 1,
    skip: Callable[[UserError], None] | None = None,
) -> CameraMeasurement:
    """Measures image files of one camera. Compression is read from the headers of JPEGs.

    Args:
        paths: image files.
        channels: number of channels, see :func:`~cyclesr.images.reading.read_image`. Sharpness is measured on the
            luminance, or on the mean of the bands; noise in each of them.
        reduced_by: factor by which the images are reduced (antialiased bicubic) before their sharpness is measured.
            Noise and compression are measured only without a reduction.
        skip: is called with the error of a file that cannot be read, which is then passed over. By default, the error
            is raised.

    Raises:
        UserError: there are no files, or a file cannot be read.
    """
    return _together(found for path in paths if (found := _measured_file(path, channels, reduced_by, skip)) is not None)


def _measured_file(
    path: str | Path, channels: int, reduced_by: int, skip: Callable[[UserError], None] | None
) -> "_Measured | None":
    try:
        image = read_image(path, channels)
        if reduced_by > 1:
            return _measured_reduced(image, Path(path).name, reduced_by)
        return _measured(image, Path(path).name, read_compression(path))
    except UserError as error:
        if skip is None:
            raise
        skip(error)
        return None


class _Measured(NamedTuple):
    """Measurements of one image before its edges are compared with those of the other images."""

    name: str
    height: int
    width: int
    edges: list[EdgeSpectra]
    noise: NoiseMeasurement | None
    compression: CompressionMeasurement | None
    resampling_period: int
    channels: int
    bits: int
    largest: float


def _measured(image: np.ndarray, name: str, compression: CompressionMeasurement | None) -> _Measured:
    middle = measured_part(image)
    gray = luminance(middle)
    return _Measured(
        name=name,
        height=image.shape[0],
        width=image.shape[1],
        edges=edge_spectra(gray),
        noise=measure_noise(middle),
        compression=compression or measure_compression(middle),
        resampling_period=resampling_period(gray),
        **_samples(image, middle),
    )


def _measured_reduced(image: np.ndarray, name: str, factor: int) -> _Measured:
    middle = measured_part(image, _LARGEST_REDUCED * factor)
    height, width = (side // factor for side in image.shape[:2])
    edges = edge_spectra(reduce(luminance(middle), factor))
    return _Measured(name, height, width, edges, None, None, resampling_period=0, **_samples(image, middle))


def _samples(image: np.ndarray, part: np.ndarray) -> dict[str, Any]:
    """Returns what is known of the samples of ``(H, W, channels)`` and of its measured part, in [0, 1]."""
    return dict(
        channels=image.shape[2], bits=16 if image.dtype == np.uint16 else 8, largest=float(part.max(initial=0.0))
    )


def _together(images: Iterable[_Measured]) -> CameraMeasurement:
    found = list(images)
    if not found:
        raise UserError("There is no image to measure.")
    spectra, weights = mean_spectra([image.edges for image in found])
    return CameraMeasurement(
        tuple(
            ImageMeasurement(
                name=image.name,
                height=image.height,
                width=image.width,
                edges=len(image.edges[0].weights),
                edge_spectra=tuple(tuple(map(float, row)) if np.isfinite(row).all() else None for row in rows),
                edge_weights=tuple(map(float, weight)),
                noise=image.noise,
                compression=image.compression,
                resampling_period=image.resampling_period,
                channels=image.channels,
                bits=image.bits,
                largest=image.largest,
            )
            for image, rows, weight in zip(found, spectra, weights, strict=True)
        )
    )


def measured_part(image: np.ndarray, most: int = _LARGEST_SIDE) -> np.ndarray:
    """Returns the central part of ``(H, W, channels)``, of at most so many pixels a side, as floats in [0, 1]."""
    top, left = (max(side - most, 0) // 2 // 8 * 8 for side in image.shape[:2])  # on the grid of JPEG blocks
    part = image[top : top + most, left : left + most]
    return part / np.iinfo(part.dtype).max if np.issubdtype(part.dtype, np.integer) else part.astype(np.float64)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value
