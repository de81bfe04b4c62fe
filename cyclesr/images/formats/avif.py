"""AVIF: header and 8 bits by Pillow, 10 and 12 bits by imagecodecs."""

from dataclasses import replace
from io import BytesIO
from typing import BinaryIO

import numpy as np
from PIL import UnidentifiedImageError

from cyclesr.images.contents import Contents, DamagedError, check_size
from cyclesr.images.depth import scaled
from cyclesr.images.formats.simple import describe_opened, notes_on
from cyclesr.images.pillow import open_header

_DEEP, _TWELVE, _GRAY = 0x40, 0x20, 0x10  # of the third byte of the box av1C
_HEADER = 2**16  # bytes among which that box is searched


def describe(file: BinaryIO) -> Contents:
    """Describes an AVIF.

    Raises:
        DamagedError: the header cannot be read.
        UnsupportedError: the image has too many pixels.
    """
    flags = _flags(file.read(_HEADER))
    file.seek(0)
    try:
        with open_header(file, ("AVIF",)) as image:
            found = describe_opened(image)
            notes = notes_on(image)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise DamagedError from error
    contents = replace(found, bands=1 if flags & _GRAY else 3, bits=16 if flags & _DEEP else 8, notes=notes)
    check_size(contents, file)
    return contents


def _flags(start: bytes) -> int:
    content = start[start.find(b"av1C") + 4 :]
    return content[2] if b"av1C" in start and len(content) > 2 else 0


def decode(data: bytes, contents: Contents) -> np.ndarray:
    """Decodes an AVIF, see :mod:`cyclesr.images.formats`."""
    if contents.bits == 16:
        import imagecodecs

        image = np.atleast_3d(imagecodecs.avif_decode(data, index=0))
        image = scaled(image, 12 if _flags(data[:_HEADER]) & _TWELVE else 10)
    else:
        with open_header(BytesIO(data), ("AVIF",)) as opened:
            image = np.asarray(opened.convert("RGB" if contents.alpha == "none" else "RGBA"))
    if contents.bands == 1 and image.shape[2] > 2:
        image = image[..., [0, 3][: contents.samples]]
    return image
