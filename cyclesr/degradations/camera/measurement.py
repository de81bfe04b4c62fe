"""Measurements of one image, and of all images of a camera."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from cyclesr.degradations.camera.compression import CompressionMeasurement, measure_compression, read_compression
from cyclesr.degradations.camera.mtf import FREQUENCIES, edge_spectra, mtf_from_spectra
from cyclesr.degradations.camera.noise import NoiseMeasurement, measure_noise
from cyclesr.errors import UserError
from cyclesr.images.reading import read_image

# Larger images are measured only in their central part, which is sufficient and limits the time.
_LARGEST_SIDE = 1024
_LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class ImageMeasurement:
    """Measurements of one image.

    Attributes:
        name: name of the file.
        height: height of the whole image in pixels.
        width: width of the whole image in pixels.
        edges: number of isolated edges found in the image.
        edge_spectra: see ``mtf.edge_spectra``; None instead of a spectrum if there are too few edges.
        noise: noise of the image, or None if it has no flat patch.
        compression: JPEG compression, or None if neither the file nor its pixels show any.
    """

    name: str
    height: int
    width: int
    edges: int
    edge_spectra: tuple[tuple[float, ...] | None, ...]
    noise: NoiseMeasurement | None
    compression: CompressionMeasurement | None

    @property
    def mtf(self) -> np.ndarray | None:
        """Estimates the (frequencies,) MTF from the edges of this image only; None if there are too few edges."""
        mtf = mtf_from_spectra(_filled(self.edge_spectra))
        return mtf if np.isfinite(mtf).all() else None

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

    @cached_property
    def mtf(self) -> np.ndarray:
        """Returns the (frequencies,) MTF from the edges of all images, each with the same weight.

        Raises:
            UserError: no image has enough edges.
        """
        spectra = np.stack([_filled(image.edge_spectra) for image in self.images])
        known = np.isfinite(spectra)
        means = np.where(known, spectra, 0).sum(0) / np.where(known.any(0), known.sum(0), np.nan)
        mtf = mtf_from_spectra(means)
        if not np.isfinite(mtf).all():
            raise UserError(
                f"None of the {len(self.images)} images has enough sharp, isolated edges to measure the camera: use "
                "more or larger images."
            )
        return mtf

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


def measure_image(
    image: np.ndarray, name: str = "", compression: CompressionMeasurement | None = None
) -> ImageMeasurement:
    """Measures one image.

    Args:
        image: ``(H, W, 3)`` RGB in uint8, uint16, or float in [0, 1].
        name: name for the result.
        compression: what the header of the file says. Without it, compression is estimated from the pixels.
    """
    height, width = image.shape[:2]
    middle = _as_float(_middle(image))
    spectra, edges = edge_spectra(middle @ _LUMA)
    return ImageMeasurement(
        name=name,
        height=height,
        width=width,
        edges=edges,
        edge_spectra=tuple(tuple(map(float, row)) if np.isfinite(row).all() else None for row in spectra),
        noise=measure_noise(middle),
        compression=compression or measure_compression(middle),
    )


def measure_images(images: Iterable[np.ndarray], names: Sequence[str] | None = None) -> CameraMeasurement:
    """Measures images of one camera; see ``measure_image``.

    Raises:
        UserError: there are no images.
    """
    found = tuple(measure_image(image, names[index] if names else "") for index, image in enumerate(images))
    if not found:
        raise UserError("There is no image to measure.")
    return CameraMeasurement(found)


def measure_files(paths: Iterable[str | Path]) -> CameraMeasurement:
    """Measures image files of one camera.

    Raises:
        UserError: there are no files, or a file cannot be read.
    """
    found = tuple(measure_image(read_image(path), Path(path).name, read_compression(path)) for path in paths)
    if not found:
        raise UserError("There is no image to measure.")
    return CameraMeasurement(found)


def _middle(image: np.ndarray) -> np.ndarray:
    top, left = (max(side - _LARGEST_SIDE, 0) // 2 // 8 * 8 for side in image.shape[:2])  # on the grid of JPEG blocks
    return image[top : top + _LARGEST_SIDE, left : left + _LARGEST_SIDE]


def _as_float(image: np.ndarray) -> np.ndarray:
    return image / np.iinfo(image.dtype).max if np.issubdtype(image.dtype, np.integer) else image.astype(np.float64)


def _filled(spectra: tuple[tuple[float, ...] | None, ...]) -> np.ndarray:
    return np.array([np.full(len(FREQUENCIES), np.nan) if row is None else row for row in spectra])


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value
