"""JPEG 2000 by imagecodecs: any number of bands, up to 16 bits."""

import struct
from typing import BinaryIO

import numpy as np
from PIL import UnidentifiedImageError

from cyclesr.images.contents import Alpha, Contents, DamagedError, UnsupportedError, check_size
from cyclesr.images.depth import scaled
from cyclesr.images.pillow import open_header

STARTS = (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")  # in a container, or the bare codestream
_SIZE = b"\xff\x4f\xff\x51"  # start of a codestream, whose first segment tells the size
_HEADER = 2**22  # bytes among which it is searched: profiles come before
_SIGNED = 0x80


def describe(file: BinaryIO) -> Contents:
    """Describes a JPEG 2000. Two bands are gray and alpha, four are RGB and alpha.

    Raises:
        DamagedError: the header cannot be read.
        UnsupportedError: samples are signed or have more than 16 bits, or there are too many pixels.
    """
    start = file.read(_HEADER)
    at = start.find(_SIZE)
    if at < 0 or len(start) < at + 43:
        raise DamagedError
    right, bottom, left, top = struct.unpack(">IIII", start[at + 8 : at + 24])
    samples = int.from_bytes(start[at + 40 : at + 42], "big")
    alpha: Alpha = "straight" if samples in (2, 4) else "none"
    if _bits(start) > 16 or start[at + 42] & _SIGNED:
        raise UnsupportedError("has signed samples, or more than 16 bits: save it with 8 or 16 bits.")
    contents = Contents(
        bottom - top,
        right - left,
        samples - (alpha != "none"),
        8 if _bits(start) <= 8 else 16,
        alpha,
        profile=_profile(file),
    )
    check_size(contents, file)
    return contents


def _bits(data: bytes) -> int:
    return (data[data.find(_SIZE) + 42] & ~_SIGNED) + 1


def _profile(file: BinaryIO) -> bytes:
    file.seek(0)
    try:
        with open_header(file, ("JPEG2000",)) as image:
            return image.info.get("icc_profile") or b""
    except (UnidentifiedImageError, OSError, ValueError):  # more bands than Pillow knows
        return b""


def decode(data: bytes, contents: Contents) -> np.ndarray:
    """Decodes a JPEG 2000, see :mod:`cyclesr.images.formats`."""
    import imagecodecs

    return scaled(np.atleast_3d(imagecodecs.jpeg2k_decode(data)), _bits(data))
