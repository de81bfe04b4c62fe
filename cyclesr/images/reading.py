"""Reads the pixels of image files, or only their headers."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from cyclesr.errors import UserError
from cyclesr.images.listing import _CONVERT_HEIC

_EXIF_ORIENTATION = 0x0112
_HEIC_BRANDS = (b"heic", b"heix", b"heif", b"mif1", b"msf1", b"hevc")  # bytes 8 to 12 of HEIC files
_pillow_limits = Lock()


def read_image(path: str | Path) -> np.ndarray:
    """Reads an image as ``(H, W, 3)`` RGB in uint8 or uint16.

    The channel of a grayscale image is repeated. Alpha is dropped and the colours are kept as stored, because
    compositing with a background would create edges that a network would learn. The EXIF orientation is applied.
    Corruption in the middle of a JPEG is not detected, because the format has no checksum.

    Raises:
        UserError: the file is missing, corrupt, truncated, or neither 8 nor 16 bit.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"The image {path} cannot be read: {error.strerror}.") from error
    image = None
    if data and not _is_cut_off(data):
        with suppress(cv2.error):  # raised if the header declares more than 2^30 pixels
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    if image is None and data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        raise UserError(f"The image {path} cannot be read.{_CONVERT_HEIC}")
    if image is None:
        raise UserError(
            f"The image {path} ({len(data)} bytes) is corrupt, truncated or of an unknown format: replace or remove it."
        )
    if image.dtype not in (np.uint8, np.uint16):
        raise UserError(f"The image {path} must have 8 or 16 bits per channel, found {image.dtype}: convert it.")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _is_cut_off(data: bytes) -> bool:
    """Returns whether the end of a PNG or JPEG is missing; OpenCV 4 silently fills the missing part with gray."""
    if data.startswith(b"\x89PNG"):
        return b"IEND" + zlib.crc32(b"IEND").to_bytes(4, "big") not in data
    if data.startswith(b"\xff\xd8"):
        return b"\xff\xd9" not in data[_jpeg_scan(data) :]
    return False


def _jpeg_scan(data: bytes) -> int:
    """Returns the position of the first scan, after the headers, because a thumbnail in them has its own end marker."""
    at = 2
    while data[at : at + 1] == b"\xff" and data[at + 1 : at + 2] not in (b"\xda", b""):
        padding = data[at + 1] == 0xFF
        at += 1 if padding else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return at


def image_size(path: str | Path) -> tuple[int, int]:
    """Returns (height, width) of the image that :func:`read_image` would return, but reads only the header.

    Raises:
        UserError: the file is missing or not an image.
    """
    try:
        with open_header(path) as image:
            width, height = image.size
            turned = _orientation(image) in (5, 6, 7, 8)
    except UnidentifiedImageError as error:
        raise UserError(f"The image {path} is corrupt or of an unknown format: replace or remove it.") from error
    except OSError as error:
        raise UserError(f"The image {path} cannot be read: {error}.") from error
    return (width, height) if turned else (height, width)


def _orientation(image: Image.Image) -> object:
    if image.format == "PNG" and "exif" not in image.info:
        return None  # Pillow would decode all pixels to look for EXIF data after them
    try:
        return image.getexif().get(_EXIF_ORIENTATION)
    except Exception:  # any type: decoders ignore a broken EXIF block, too
        return None


@contextmanager
def open_header(path: str | Path) -> Iterator[Image.Image]:
    """Opens a file with Pillow without its limit of size, because only the header is read.

    Metadata that Pillow refuses, such as a long compressed text, is ignored, as decoders do.
    """
    with _pillow_limits:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        tolerant, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
        try:
            with Image.open(path) as image:
                yield image
        finally:
            Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = limit, tolerant


def without_surplus(image: np.ndarray, scale: int, path: Path) -> np.ndarray:
    """Crops an HR image ``(H, W, 3)`` at the bottom and right to multiples of ``scale``.

    Raises:
        UserError: the image is smaller than one LR pixel. The message names ``path``.
    """
    height, width = (side // scale * scale for side in image.shape[:2])
    if not (height and width):
        raise UserError(
            f"The HR image {path} measures {image.shape[1]}x{image.shape[0]}, less than the scale {scale}: remove it."
        )
    return image[:height, :width]
