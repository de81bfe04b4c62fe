"""Writes TIFF files from top to bottom, one band of rows at a time."""

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

import numpy as np
from tifffile import TiffWriter

_ROWS_OF_A_STRIP = 32
_PREDICTOR = 2  # each sample is stored as the difference to that of the pixel on its left
_LARGEST_TIFF = 4 * 10**9  # bytes; larger files are BigTIFF, because TIFF's offsets have 32 bits


def write_tiff(
    file: BinaryIO,
    size: tuple[int, int],
    bands: Iterable[np.ndarray],
    profile: bytes = b"",
    alpha: bool | None = None,
) -> None:
    """Writes a deflated TIFF image of any size with the memory of a few rows; a BigTIFF if it is too large for TIFF.

    Args:
        file: binary file, open for writing and seekable.
        size: (height, width) of the image.
        bands: bands ``(k, width, channels)`` in uint8 or uint16, from top to bottom, of any number of channels.
        profile: ICC profile of the colours; empty for none.
        alpha: whether the last channel is alpha; None for 2 and 4 channels.

    Raises:
        ValueError: the bands do not have this size.
    """
    bands = iter(bands)
    first = next(bands)
    channels = first.shape[2]
    alpha = channels in (2, 4) if alpha is None else alpha
    colours = channels - alpha
    shape = (*size, channels) if channels > 1 else size
    with TiffWriter(file, bigtiff=size[0] * size[1] * channels * first.itemsize > _LARGEST_TIFF) as tiff:
        tiff.write(
            _strips(size, chain([first], bands)),
            shape=shape,
            dtype=first.dtype,
            photometric="rgb" if colours == 3 else "minisblack",
            planarconfig="contig" if channels > 1 else None,
            extrasamples=_extra_samples(colours, alpha),
            compression="zlib",
            predictor=_PREDICTOR,
            rowsperstrip=_ROWS_OF_A_STRIP,
            iccprofile=profile or None,
            metadata=None,
        )


def _extra_samples(colours: int, alpha: bool) -> list[str] | None:
    bands = 0 if colours == 3 else colours - 1  # beyond the one of MinIsBlack
    return ["unspecified"] * bands + ["unassalpha"] * alpha or None


def _strips(size: tuple[int, int], bands: Iterable[np.ndarray]) -> Iterator[bytes]:
    """Yields the compressed strips, all of the same height except the last."""
    waiting: np.ndarray | None = None
    rows = 0
    for band in bands:
        rows += len(band)
        if band.shape[1] != size[1] or rows > size[0]:
            raise ValueError(f"A band {band.shape} that ends at row {rows} does not fit an image of {size}.")
        band = band if waiting is None else np.concatenate([waiting, band])
        whole = len(band) if rows == size[0] else len(band) // _ROWS_OF_A_STRIP * _ROWS_OF_A_STRIP
        for top in range(0, whole, _ROWS_OF_A_STRIP):
            yield _compressed(band[top : min(top + _ROWS_OF_A_STRIP, whole)])
        waiting = band[whole:].copy()
    if rows != size[0]:
        raise ValueError(f"The bands have {rows} rows, which does not fit an image of {size}.")


def _compressed(strip: np.ndarray) -> bytes:
    differences = strip.copy()
    np.subtract(strip[:, 1:], strip[:, :-1], out=differences[:, 1:])  # modulo 256 or 65536
    return zlib.compress(differences, 1)
