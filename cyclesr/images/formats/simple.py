"""BMP, GIF, WebP and PNM, which Pillow reads."""

import re
from dataclasses import replace
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from cyclesr.images.contents import Contents, DamagedError, UnsupportedError, check_size
from cyclesr.images.orientation import EXIF_TAG, valid_orientation
from cyclesr.images.pillow import open_header

_FORMATS = ("BMP", "DIB", "GIF", "WEBP", "PPM", "TGA")
_GRAY = ("1", "L", "LA", "I;16", "I;16B", "I")
_DEEP = ("I;16", "I;16B", "I")  # PGM of 16 bits


def describe(file: BinaryIO) -> Contents:
    """Describes an image of one of these formats.

    Raises:
        DamagedError: it is none of them.
        UnsupportedError: it has floats, or too many pixels.
    """
    try:
        with open_header(file, _FORMATS) as image:
            check_size(Contents(image.height, image.width, 1), file)  # the next line may decode, for the palette
            contents = describe_opened(image)
            notes, largest = notes_on(image), _largest(image)
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise DamagedError from error
    return replace(contents, notes=notes, bits=16 if largest > 255 else contents.bits)


def notes_on(image: Image.Image) -> tuple[str, ...]:
    """Returns the notes on an image that Pillow has opened: whether it is animated."""
    return ("is animated: only its first image is read",) if getattr(image, "is_animated", False) else ()


def _largest(image: Image.Image) -> int:
    """Returns the largest value of a sample of a PPM, of which Pillow keeps 8 bits; 255 for other formats."""
    tile = _tile(image)
    is_ppm = image.format == "PPM" and image.mode == "RGB" and isinstance(tile.args, tuple)
    return int(tile.args[1]) if is_ppm else 255


def describe_opened(image: Image.Image) -> Contents:
    """Describes an image that Pillow has opened.

    Raises:
        UnsupportedError: it has floats.
    """
    if image.mode == "F":
        raise UnsupportedError("has samples of 32-bit floats: save it with 8 or 16 bits.")
    gray = image.mode in _GRAY or (image.mode in ("P", "PA") and _is_gray(image))
    return Contents(
        image.height,
        image.width,
        1 if gray else 3,
        16 if image.mode in _DEEP else 8,
        "straight" if has_alpha(image) else "none",
        _orientation(image),
        image.info.get("icc_profile") or b"",
    )


def has_alpha(image: Image.Image) -> bool:
    """Returns whether an image that Pillow has opened has transparency of any kind."""
    return "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info


def _is_gray(image: Image.Image) -> bool:
    palette = image.getpalette() or []
    return palette[::3] == palette[1::3] == palette[2::3]


def _orientation(image: Image.Image) -> int:
    try:
        return valid_orientation(image.getexif().get(EXIF_TAG))
    except Exception:  # any type: decoders ignore a broken EXIF block, too
        return 1


def decode(data: bytes, contents: Contents) -> np.ndarray:
    """Decodes an image of one of these formats, see :mod:`cyclesr.images.formats`."""
    with open_header(BytesIO(data), _FORMATS) as image:
        return decode_opened(image, contents) if _largest(image) < 256 else _decode_ppm(data, image)


def _decode_ppm(data: bytes, image: Image.Image) -> np.ndarray:
    """Decodes a PPM of more than 8 bits, of bytes or of decimal numbers."""
    tile, count = _tile(image), 3 * image.width * image.height
    if tile.codec_name == "ppm_plain":
        samples = np.array(re.sub(rb"#[^\n]*", b"", data[tile.offset :]).split()[:count], np.float64)
    else:
        samples = np.frombuffer(data, ">u2", count, tile.offset).astype(np.float64)
    values = (samples * (65535 / _largest(image)) + 0.5).clip(0, 65535)
    return values.astype(np.uint16).reshape(image.height, image.width, 3)


def _tile(image: Image.Image) -> Any:
    """Returns where Pillow found the pixels, and how they are stored; None if it does not say."""
    return next(iter(getattr(image, "tile", None) or ()), None)


def decode_opened(image: Image.Image, contents: Contents) -> np.ndarray:
    """Decodes an image that Pillow has opened, as its contents say."""
    if contents.bits == 16:
        return np.asarray(image).astype(np.uint16)[..., None]
    mode = ("L" if contents.bands == 1 else "RGB") + ("A" if contents.alpha != "none" else "")
    if image.mode in ("P", "PA") and contents.bands == 1:  # the conversion to gray would weight equal channels
        rgb = np.asarray(image.convert("RGBA"))
        return rgb[..., [0, 3] if contents.alpha != "none" else [0]]
    if image.mode != mode and mode == "LA":
        rgba = np.asarray(image.convert("RGBA"))
        return rgba[..., [0, 3]]
    return np.asarray(image.convert(mode)).reshape(contents.height, contents.width, -1)
