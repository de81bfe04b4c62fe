"""JPEG: gray, YCbCr and CMYK of 8 bits by OpenCV; 12 bits and lossless by imagecodecs."""

import re
from io import BytesIO
from typing import BinaryIO, NamedTuple

import cv2
import numpy as np

from cyclesr.images.contents import Contents, DamagedError, OverwrittenError, check_size
from cyclesr.images.depth import scaled
from cyclesr.images.orientation import exif_orientation

_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_COMMON = (0xC0, 0xC1, 0xC2)  # sequential and progressive
_COLOURS = {1: "Gray", 4: "CMYK"}
_DAMAGE = ("Corrupt JPEG data", "Premature end")
_PADDED = re.compile(r"Corrupt JPEG data: [1-4] extraneous bytes before marker 0xd9")
_LOSSLESS = (0xC3, 0xC7, 0xCB, 0xCF)
_APP1, _APP2, _SCAN, _END = 0xE1, 0xE2, 0xDA, 0xD9
_EXIF, _ICC = b"Exif\0\0", b"ICC_PROFILE\0"
_BETWEEN_SCANS = {0xC4, 0xCC, _SCAN, 0xDB, 0xDC, 0xDD, *range(0xE0, 0xF0), 0xFE}
_WITHOUT_CONTENT = (0x00, 0x01, *range(0xD0, 0xD9))
_MARKER = re.compile(b"\xff+[^\xff\x00\xd0-\xd7]")  # without stuffed bytes and restarts


class _Header(NamedTuple):
    """The segments before the first scan that matter, and where the scan begins."""

    kind: int
    frame: bytes
    exif: bytes
    profile: bytes
    scan: int


def describe(file: BinaryIO) -> Contents:
    """Describes a JPEG.

    Raises:
        DamagedError: there is no frame header.
        UnsupportedError: the image has too many pixels.
    """
    header = _header(file)
    precision, height, width, components = _frame(header)
    contents = Contents(
        height,
        width,
        1 if components == 1 else 3,
        8 if precision <= 8 else 16,
        orientation=exif_orientation(header.exif),
        profile=header.profile,
    )
    check_size(contents, file)
    return contents


def _frame(header: _Header) -> tuple[int, int, int, int]:
    """Returns precision, height, width and number of components."""
    if len(header.frame) < 6:
        raise DamagedError
    height, width = (int.from_bytes(header.frame[at : at + 2], "big") for at in (1, 3))
    return header.frame[0], height, width, header.frame[5]


def _header(file: BinaryIO) -> _Header:
    file.seek(2)
    kind, frame, exif, profile = 0, b"", b"", {}
    while byte := file.read(1):
        if byte != b"\xff":  # decoders skip what stands between segments
            continue
        while (marker := file.read(1)) == b"\xff":  # padding
            pass
        if not marker or marker[0] in (_SCAN, _END):
            break
        if marker[0] in _WITHOUT_CONTENT:
            continue
        content = file.read(max(int.from_bytes(file.read(2), "big") - 2, 0))
        if marker[0] in _FRAMES:
            kind, frame = marker[0], content
        elif marker[0] == _APP1 and content.startswith(_EXIF) and not exif:
            exif = content
        elif marker[0] == _APP2 and content.startswith(_ICC):
            profile[content[len(_ICC)]] = content[len(_ICC) + 2 :]
    return _Header(kind, frame, exif, b"".join(part for _, part in sorted(profile.items())), file.tell())


def decode(data: bytes, contents: Contents) -> np.ndarray:
    """Decodes a JPEG, see :mod:`cyclesr.images.formats`. Without checksums, not all damage can be detected.

    Raises:
        DamagedError: the end is missing, the data of the pixels contain what no encoder writes, or they cannot be
            decoded.
    """
    header = _header(BytesIO(data))
    if not _is_whole(data, header.scan):
        raise DamagedError
    if contents.bits == 16 or header.kind in _LOSSLESS:
        import imagecodecs

        image = np.atleast_3d(imagecodecs.jpeg_decode(data))
        return scaled(image, _frame(header)[0])
    mode = cv2.IMREAD_GRAYSCALE if contents.bands == 1 else cv2.IMREAD_COLOR
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), mode | cv2.IMREAD_IGNORE_ORIENTATION)
    if decoded is None:
        raise DamagedError
    return decoded[..., None] if contents.bands == 1 else cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)


def verify(data: bytes) -> None:
    """Decodes a JPEG with libjpeg's warnings as errors: data of the pixels that are missing or left over.

    Raises:
        OverwrittenError: there is such a warning.
    """
    import simplejpeg

    header = _header(BytesIO(data))
    if header.kind not in _COMMON:
        return
    try:
        simplejpeg.decode_jpeg(data, _COLOURS.get(_frame(header)[3], "RGB"), strict=True)
    except ValueError as error:
        # Others are about settings that decoders understand anyway, and some cameras pad the end.
        if str(error).startswith(_DAMAGE) and not _PADDED.match(str(error)):
            raise OverwrittenError(str(error)) from error


def _is_whole(data: bytes, at: int) -> bool:
    """Returns whether only known segments interrupt the data of the pixels, up to the mark of the end.

    OpenCV fills what is missing with gray. Thumbnails before the first scan have marks of their own.

    Args:
        data: the file.
        at: position of the first scan.
    """
    while found := _MARKER.search(data, at):
        marker = found[0][-1]
        if marker == _END:
            return True
        if marker not in _BETWEEN_SCANS:
            return False
        at = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")
    return False
