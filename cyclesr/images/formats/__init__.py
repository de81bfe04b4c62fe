"""The formats of image files. Each module describes a file by its header, and decodes it.

``describe(file)`` returns :class:`~cyclesr.images.contents.Contents`. ``decode(data, contents)`` returns the pixels as
stored, ``(height, width, bands)`` in uint8 or uint16, with alpha as one more band. Both raise ``UnsupportedError``, and
``DamagedError`` or any other error for damaged data. ``verify(data)``, of the formats that have it, looks for
damage that decoders repair by guessing, and raises ``OverwrittenError``.
"""

from collections.abc import Callable
from typing import BinaryIO, NamedTuple

import numpy as np

from cyclesr.images.contents import Contents
from cyclesr.images.formats import avif, jpeg, jpeg2000, png, simple, tiff

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_AVIF_BRANDS = (b"avif", b"avis")


class Format(NamedTuple):
    """The functions of a format."""

    describe: Callable[[BinaryIO], Contents]
    decode: Callable[[bytes, Contents], np.ndarray]
    verify: Callable[[bytes], None] = lambda data: None


def format_of(start: bytes) -> Format:
    """Returns the format of a file by its first 64 bytes; the suffix of its name does not matter."""
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return Format(png.describe, png.decode, png.verify)
    if start.startswith(b"\xff\xd8\xff"):
        return Format(jpeg.describe, jpeg.decode, jpeg.verify)
    if start.startswith(_TIFF_STARTS):
        return Format(tiff.describe, tiff.decode)
    if start.startswith(jpeg2000.STARTS):
        return Format(jpeg2000.describe, jpeg2000.decode)
    if start[4:8] == b"ftyp" and any(brand in start[8:] for brand in _AVIF_BRANDS):
        return Format(avif.describe, avif.decode)
    return Format(simple.describe, simple.decode)
