"""Writes PNG files from top to bottom, one band of rows at a time."""

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # by number of channels: gray, gray with alpha, RGB, RGBA
_SUB = 1  # filter type: each sample is stored as the difference to that of the pixel on its left
_ROWS_AT_A_TIME = 64


def write_png(file: BinaryIO, size: tuple[int, int], bands: Iterable[np.ndarray], profile: bytes = b"") -> None:
    """Writes a PNG image of any size with the memory of a few rows.

    Rows are filtered and compressed like OpenCV's default (differences along the row, run-length encoding, level 1), so
    the files have about the same size.

    Args:
        file: binary file, open for writing.
        size: (height, width) of the image.
        bands: bands ``(k, width, channels)`` in uint8 or uint16, from top to bottom, with 1 to 4 channels.
        profile: ICC profile of the colours; empty for none.

    Raises:
        ValueError: the bands do not have this size.
    """
    file.write(_SIGNATURE)
    compressor = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_RLE)
    rows = 0
    for band in bands:
        if not rows:
            file.write(_chunk(b"IHDR", _header(size, band)))
            if profile:
                file.write(_chunk(b"iCCP", b"ICC\0\0" + zlib.compress(profile)))  # profile name, compression method
        rows += len(band)
        if band.shape[1] != size[1] or rows > size[0]:
            raise ValueError(f"A band {band.shape} that ends at row {rows} does not fit an image of {size}.")
        for filtered in _filtered(band):
            _write_data(file, compressor.compress(filtered.tobytes()))
    if rows != size[0]:
        raise ValueError(f"The bands have {rows} rows, which does not fit an image of {size}.")
    _write_data(file, compressor.flush())
    file.write(_chunk(b"IEND", b""))


def _header(size: tuple[int, int], band: np.ndarray) -> bytes:
    height, width = size
    return struct.pack(">IIBBBBB", width, height, 8 * band.itemsize, _COLOUR_TYPES[band.shape[2]], 0, 0, 0)


def _filtered(band: np.ndarray) -> Iterator[np.ndarray]:
    """Yields the bytes of a few rows at a time, (k, 1 + bytes per row): the filter type, then the differences."""
    pixel = band.shape[2] * band.itemsize
    for top in range(0, len(band), _ROWS_AT_A_TIME):
        part = band[top : top + _ROWS_AT_A_TIME]
        big_endian = np.ascontiguousarray(part, dtype=part.dtype.newbyteorder(">"))
        raw = big_endian.view(np.uint8).reshape(len(part), -1)
        filtered = np.empty((len(part), 1 + raw.shape[1]), np.uint8)
        filtered[:, 0] = _SUB
        filtered[:, 1 : 1 + pixel] = raw[:, :pixel]
        np.subtract(raw[:, pixel:], raw[:, :-pixel], out=filtered[:, 1 + pixel :])  # modulo 256
        yield filtered


def _write_data(file: BinaryIO, data: bytes) -> None:
    if data:
        file.write(_chunk(b"IDAT", data))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
