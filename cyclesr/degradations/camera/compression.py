"""JPEG compression of one image: read from the file's header, or estimated from pixels that were saved again.

Quantisation leaves the DCT coefficients of the 8x8 blocks near multiples of the steps of a table. Decoding rounds the
pixels to 8 bits, which moves the coefficients by about half a unit, which hides steps of 1 (qualities above about 96).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import JpegImagePlugin, UnidentifiedImageError

from cyclesr.degradations.camera.luminance import luminance
from cyclesr.images.pillow import open_header

Subsampling = Literal["4:4:4", "4:2:2", "4:2:0"]

# The tables of Annex K of the JPEG standard, which the Independent JPEG Group scales by the quality.
QUALITIES = range(1, 101)
_LUMA = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
_BLUE_DIFFERENCE, _RED_DIFFERENCE = (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312)

_JPEG = b"\xff\xd8\xff"  # the first bytes of a file
_SIDE = 8
_INDEX = np.arange(_SIDE)
_DCT = np.sqrt(2 / _SIDE) * np.cos(np.pi * (2 * _INDEX + 1) * _INDEX[:, None] / (2 * _SIDE))
_DCT[0] /= np.sqrt(2)

_ROUNDING = 0.5  # standard deviation of a coefficient after decoding to 8 bits, units of 1/255
_OUTLIERS = 0.1  # share of coefficients that clipping or editing moved elsewhere
_SMALLEST = 1.5  # a coefficient below it may be 0
_SMALLEST_STEP = 2  # rounding hides smaller ones
_FREQUENCIES = [(row, column) for row in range(5) for column in range(5 - row) if row + column]
_LEAST_COEFFICIENTS = 200
_MOST_BLOCKS = 1500
_LEAST_EVIDENCE = 0.03  # gain of the log-likelihood per coefficient; images without compression stay below 0.01

_SIGNIFICANT = 1.5  # standard errors


@dataclass(frozen=True)
class CompressionMeasurement:
    """JPEG compression of one image.

    Attributes:
        source: ``header`` of the file, or ``pixels``.
        quality: 1 to 100, of the table of the Independent JPEG Group that is nearest to the luminance table.
        subsampling: of chrominance; None if the header has another one, and for gray images.
        tables: quantisation tables of luminance and chrominance, 64 numbers each in rows; empty if ``source`` is
            ``pixels``.
        offset: (y, x) of the first whole block, 0 to 7 pixels.
    """

    source: Literal["header", "pixels"]
    quality: int
    subsampling: Subsampling | None
    tables: tuple[tuple[int, ...], ...] = ()
    offset: tuple[int, int] = (0, 0)


def read_compression(path: str | Path) -> CompressionMeasurement | None:
    """Reads the compression from the header of a file; None if it is not a JPEG with tables of quantisation."""
    with open(path, "rb") as file:
        if file.read(len(_JPEG)) != _JPEG:
            return None
    try:
        with open_header(path, ("JPEG", "MPO")) as image:
            assert isinstance(image, JpegImagePlugin.JpegImageFile)
            tables = tuple(tuple(map(int, table)) for table in image.quantization.values())
            sampling = JpegImagePlugin.get_sampling(image)
    except UnidentifiedImageError:  # metadata or a kind of JPEG that Pillow does not know
        return None
    if not tables:  # lossless
        return None
    names: dict[int, Subsampling] = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}
    return CompressionMeasurement("header", quality_of_table(np.array(tables[0])), names.get(sampling), tables)


def quality_of_table(table: np.ndarray) -> int:
    """Returns the quality, 1 to 100, whose luminance table is nearest to (64,) or (8, 8) steps, in their logarithms."""
    distances = [np.abs(np.log(luma_table(quality) / table.reshape(_SIDE, _SIDE))).sum() for quality in QUALITIES]
    return QUALITIES[int(np.argmin(distances))]


@cache
def luma_table(quality: int) -> np.ndarray:
    """Returns the (8, 8) luminance table of the Independent JPEG Group for a quality from 1 to 100."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((_LUMA * scale + 50) // 100, 1, 255)


def measure_compression(image: np.ndarray) -> CompressionMeasurement | None:
    """Estimates the compression of (H, W, channels) pixels in [0, 1]; None if there is none, or too little to be seen.

    Only gray and RGB images are JPEGs.
    """
    if image.shape[2] not in (1, 3):
        return None
    luma = luminance(255 * image)
    offsets = sorted({(0, 0), (_grid_offset(luma, 0), _grid_offset(luma, 1))})
    found = [(*_best_quality(_coefficients(luma[y:, x:])), (y, x)) for y, x in offsets]
    evidence, quality, offset = max(found)
    if evidence < _LEAST_EVIDENCE:
        return None
    return CompressionMeasurement("pixels", quality, _subsampling(image, offset), offset=offset)


def _grid_offset(luma: np.ndarray, axis: int) -> int:
    """Finds where blocks begin along an axis: there, neighbours differ more than on both sides in most lines."""
    steps = np.moveaxis(np.abs(np.diff(luma, axis=axis)), axis, 0)
    if len(steps) < 3 * _SIDE:
        return 0
    peaks = (steps[1:-1] > np.maximum(steps[:-2], steps[2:]) + 0.01).mean(1)  # between pixels i + 1 and i + 2
    return (int(np.argmax([peaks[phase::_SIDE].mean() for phase in range(_SIDE)])) + 2) % _SIDE


def _coefficients(luma: np.ndarray) -> np.ndarray:
    """(blocks, 8, 8) DCT coefficients."""
    rows, columns = (side // _SIDE for side in luma.shape)
    blocks = luma[: rows * _SIDE, : columns * _SIDE].reshape(rows, _SIDE, columns, _SIDE).swapaxes(1, 2)
    blocks = blocks.reshape(-1, _SIDE, _SIDE)
    chosen = np.linspace(0, len(blocks) - 1, min(len(blocks), _MOST_BLOCKS)).astype(int)
    return np.asarray(_DCT @ blocks[chosen] @ _DCT.T)


def _best_quality(coefficients: np.ndarray) -> tuple[float, int]:
    """Returns the gain of the log-likelihood per coefficient by the best table, and the quality of that table."""
    totals, count = np.zeros(len(QUALITIES)), 0
    for row, column in _FREQUENCIES:
        values = coefficients[:, row, column]
        values = values[np.abs(values) > _SMALLEST]
        steps, index = np.unique([luma_table(quality)[row, column] for quality in QUALITIES], return_inverse=True)
        totals += np.array([_gain(values, step) for step in steps])[index]
        count += len(values)
    best = np.flatnonzero(totals == totals.max())  # neighbours may have equal steps
    return (float(totals.max()) / count if count >= _LEAST_COEFFICIENTS else 0.0), QUALITIES[best[len(best) // 2]]


def _gain(values: np.ndarray, step: int) -> float:
    """Log-likelihood of coefficients that lie near multiples of a step, over that of a smooth distribution."""
    if step < _SMALLEST_STEP:
        return 0.0
    distance = values - step * np.rint(values / step)
    near = step / (_ROUNDING * np.sqrt(2 * np.pi)) * np.exp(-0.5 * (distance / _ROUNDING) ** 2)
    return float(np.log((1 - _OUTLIERS) * near + _OUTLIERS).sum())


def _subsampling(image: np.ndarray, offset: tuple[int, int]) -> Subsampling | None:
    """Tells the subsampling by the size of the chrominance blocks: 8 pixels, or 16 along a subsampled axis.

    Gray images have no chrominance.
    """
    if image.shape[2] == 1:
        return None
    planes = 255 * image @ np.array([_BLUE_DIFFERENCE, _RED_DIFFERENCE]).T
    if not _has_large_blocks(planes, 1, offset[1], _SIGNIFICANT):
        return "4:4:4"
    return "4:2:0" if _has_large_blocks(planes, 0, offset[0], 0.0) else "4:2:2"


def _has_large_blocks(planes: np.ndarray, axis: int, offset: int, significance: float) -> bool:
    """Compares the steps at every other edge of blocks with those at the edges between them."""
    steps = np.moveaxis(np.abs(np.diff(planes, axis=axis)), axis, 0).mean((1, 2))
    half = _SIDE // 2
    edges = np.arange(offset - 1 + (_SIDE if offset < half + 1 else 0), len(steps) - half, _SIDE)
    excess = steps[edges] - (steps[edges - half] + steps[edges + half]) / 2  # over the middles of both blocks
    classes = excess[::2], excess[1::2]
    if min(map(len, classes)) < 2:
        return False
    weak, strong = sorted(part.mean() for part in classes)
    error = np.hypot(*(part.std() / np.sqrt(len(part)) for part in classes))
    return bool(weak < 0.5 * strong and strong - weak > significance * error)
