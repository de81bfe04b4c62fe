"""JPEG 2000 by imagecodecs: any number of bands, up to 16 bits."""

import struct
from typing import BinaryIO

import numpy as np
from PIL import UnidentifiedImageError

from cyclesr.images.colour_spaces import from_cmyk
from cyclesr.images.contents import Alpha, Contents, DamagedError, UnsupportedError, check_size
from cyclesr.images.depth import scaled
from cyclesr.images.pillow import open_header

STARTS = (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")  # in a container, or the bare codestream
_SIZE = b"\xff\x4f\xff\x51"  # start of a codestream, whose first segment tells the size
_HEADER = 2**22  # bytes among which it is searched: profiles come before
_SIGNED = 0x80
_CMYK = (12).to_bytes(4, "big")  # number of the colour space


def describe(file: BinaryIO) -> Contents:
    """Describes a JPEG 2000. The last of two or four samples is alpha, unless the file says something else.

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
    alpha = _alpha(start[:at], samples)
    if _bits(start) > 16 or start[at + 42] & _SIGNED:
        raise UnsupportedError("has signed samples, or more than 16 bits: save it with 8 or 16 bits.")
    contents = Contents(
        bottom - top,
        right - left,
        3 if _is_cmyk(start[:at]) else samples - (alpha != "none"),
        8 if _bits(start) <= 8 else 16,
        alpha,
        profile=_profile(file),
    )
    check_size(contents, file)
    return contents


def _boxes(content: bytes) -> dict[bytes, bytes]:
    """Returns the contents of the boxes of a container, the last of each name."""
    found, at = {}, 0
    while at + 8 <= len(content):
        length, name = struct.unpack(">I4s", content[at : at + 8])
        found[name] = content[at + 8 : at + length if length else None]
        at += max(length, 8) if length else len(content)
    return found


def _is_cmyk(container: bytes) -> bool:
    colours = _boxes(_boxes(container).get(b"jp2h", b"")).get(b"colr", b"")
    return colours[:1] == b"\1" and colours[3:7] == _CMYK


def _alpha(container: bytes, samples: int) -> Alpha:
    if samples not in (2, 4) or _is_cmyk(container):
        return "none"
    defined = _boxes(_boxes(container).get(b"jp2h", b"")).get(b"cdef", b"")[2:]
    kinds = {channel: kind for channel, kind, _ in struct.iter_unpack(">HHH", defined[: len(defined) // 6 * 6])}
    alphas: dict[int, Alpha] = {1: "straight", 2: "premultiplied"}
    return alphas.get(kinds.get(samples - 1, 1), "none")


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

    image = scaled(np.atleast_3d(imagecodecs.jpeg2k_decode(data)), _bits(data))
    return from_cmyk(image) if _is_cmyk(data[: data.find(_SIZE)]) else image
