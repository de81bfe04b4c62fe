"""Reading image files: their pixels, or their headers alone."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from cyclesr.errors import UserError
from cyclesr.images.listing import _CONVERT_HEIC

_EXIF_ORIENTATION = 0x0112
_HEIC_BRANDS = (b"heic", b"heix", b"heif", b"mif1", b"msf1", b"hevc")  # bytes 8 to 12, whatever the file is named
_pillow_limits = Lock()


def read_image(path: str | Path) -> np.ndarray:
    """Reads an image as (H, W, 3) RGB, uint8 or uint16.

    Gray is repeated over the channels. Alpha is dropped: the colours below it are kept as they are stored, since any
    background that we chose would be an edge to learn from. The EXIF orientation is applied. Damage in the middle of a
    JPEG cannot be seen: the format has no checksum.

    Raises:
        UserError: the file is missing, corrupt, cut off, or neither 8 nor 16 bit.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"The image {path} cannot be read: {error.strerror}.") from error
    image = None
    if data and not _is_cut_off(data):
        with suppress(cv2.error):  # of a header that promises more than 2^30 pixels
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    if image is None and data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        raise UserError(f"The image {path} cannot be read.{_CONVERT_HEIC}")
    if image is None:
        raise UserError(f"The image {path} ({len(data)} bytes) is corrupt, cut off or of an unknown kind. Remove it.")
    if image.dtype not in (np.uint8, np.uint16):
        raise UserError(f"The image {path} has pixels of {image.dtype}; 8 or 16 bit are expected. Convert it.")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _is_cut_off(data: bytes) -> bool:
    """Whether a PNG or JPEG lacks its end: OpenCV 4 fills the missing part with gray and does not complain."""
    if data.startswith(b"\x89PNG"):
        return b"IEND" + zlib.crc32(b"IEND").to_bytes(4, "big") not in data
    if data.startswith(b"\xff\xd8"):
        return b"\xff\xd9" not in data[_jpeg_scan(data) :]
    return False


def _jpeg_scan(data: bytes) -> int:
    """Where the first scan begins. Its header is skipped over: a thumbnail in there has an end mark of its own."""
    at = 2
    while data[at : at + 1] == b"\xff" and data[at + 1 : at + 2] not in (b"\xda", b""):
        padding = data[at + 1] == 0xFF
        at += 1 if padding else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return at


def image_size(path: str | Path) -> tuple[int, int]:
    """(height, width) as ``read_image`` gives it, from the header alone.

    Raises:
        UserError: missing, or not an image.
    """
    try:
        with open_header(path) as image:
            width, height = image.size
            turned = _orientation(image) in (5, 6, 7, 8)
    except UnidentifiedImageError as error:
        raise UserError(f"The image {path} is corrupt or of an unknown kind. Replace or remove it.") from error
    except OSError as error:
        raise UserError(f"The image {path} cannot be read: {error}.") from error
    return (width, height) if turned else (height, width)


def _orientation(image: Image.Image) -> object:
    if image.format == "PNG" and "exif" not in image.info:
        return None  # Pillow would decode all pixels to look for EXIF behind them
    try:
        return image.getexif().get(_EXIF_ORIENTATION)
    except Exception:  # of many kinds: a broken EXIF block, which decoders pass over
        return None


@contextmanager
def open_header(path: str | Path) -> Iterator[Image.Image]:
    """A file opened by Pillow, whatever its size: nobody reads its pixels."""
    with _pillow_limits:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            with Image.open(path) as image:
                yield image
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def without_surplus(image: np.ndarray, scale: int, path: Path) -> np.ndarray:
    """An HR image (H, W, 3) without the pixels below and right that fill no LR pixel.

    Raises:
        UserError: it is smaller than one LR pixel; the message names ``path``.
    """
    height, width = (side // scale * scale for side in image.shape[:2])
    if not (height and width):
        raise UserError(f"The HR image {path} measures {image.shape[1]}x{image.shape[0]}, less than the scale {scale}.")
    return image[:height, :width]
