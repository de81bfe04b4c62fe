"""TIFF of any layout: strips or tiles, contiguous or planar, any depth and number of bands, by tifffile.

Only YCbCr without JPEG compression and CIE L*a*b* are left to OpenCV, because libtiff converts them to RGB.
"""

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, BinaryIO

import cv2
import numpy as np
import tifffile

from cyclesr.images.contents import Alpha, Contents, DamagedError, UnsupportedError, check_size
from cyclesr.images.depth import from_floats, scaled
from cyclesr.images.orientation import valid_orientation

_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB, _PALETTE, _MASK, _CMYK, _YCBCR, _LAB = 0, 1, 2, 3, 4, 5, 6, 8
_COLOUR_SAMPLES = {_MIN_IS_WHITE: 1, _MIN_IS_BLACK: 1, _RGB: 3, _PALETTE: 1, _MASK: 1, _CMYK: 4, _YCBCR: 3, _LAB: 3}
_PREMULTIPLIED, _STRAIGHT = 1, 2  # of ExtraSamples
_JPEGS = (6, 7)  # of Compression
_PROFILE, _ORIENTATION = 34675, 274  # tags

# It logs what is odd in a file, although it reads it, or raises an error as well, which becomes one line.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)


def describe(file: BinaryIO) -> Contents:
    """Describes the first image of a TIFF.

    Raises:
        DamagedError: the header cannot be read.
        UnsupportedError: samples are signed or complex, colours are of a kind that is not read, or there are too many
            pixels.
    """
    with _opened(file) as tiff:
        page = tiff.pages.first
        _check_kind(page)
        height, width = page.imagelength, page.imagewidth
        orientation = valid_orientation(page.tags.valueof(_ORIENTATION))
        if _by_libtiff(page):  # which turns the image upright
            height, width = (width, height) if orientation >= 5 else (height, width)
            orientation = 1
        contents = Contents(
            height,
            width,
            _bands(page),
            8 if _dtype(page).kind in "ub" and page.bitspersample <= 8 else 16,
            _alpha(page)[1],
            orientation,
            bytes(page.tags.valueof(_PROFILE) or b""),
            _notes(tiff),
            _pages(tiff),
        )
    check_size(contents, file)
    return contents


@contextmanager
def _opened(file: BinaryIO) -> Iterator[tifffile.TiffFile]:
    """Opens a TIFF. Errors of any type while it is read mean damage: tifffile checks little before it computes."""
    try:
        with tifffile.TiffFile(file) as tiff:
            yield tiff
    except (UnsupportedError, MemoryError):
        raise
    except Exception as error:
        raise DamagedError from error


def _check_kind(page: Any) -> None:
    if page.photometric not in _COLOUR_SAMPLES or (page.photometric == _CMYK and page.samplesperpixel < 4):
        raise UnsupportedError(f"is a TIFF of {_name(page.photometric)} colours, which are not read: save it as RGB.")
    if _dtype(page).kind not in "ubf":
        raise UnsupportedError(f"has {page.dtype} samples: save it with unsigned samples of 8 or 16 bits.")
    if _by_libtiff(page) and page.bitspersample != 8:
        raise UnsupportedError(
            f"is a TIFF of {page.bitspersample}-bit {_name(page.photometric)} colours: save it as RGB."
        )


def _dtype(page: Any) -> np.dtype:
    if page.dtype is None:
        raise UnsupportedError(f"has {page.bitspersample}-bit samples of an unknown kind: save it with 8 or 16 bits.")
    return np.dtype(page.dtype)


def _name(photometric: Any) -> str:
    return getattr(photometric, "name", str(photometric))


def _by_libtiff(page: Any) -> bool:
    return page.photometric == _LAB or (page.photometric == _YCBCR and page.compression not in _JPEGS)


def _alpha(page: Any) -> tuple[int, Alpha]:
    """Returns the index of the sample that is alpha, and its kind; (0, "none") if there is none."""
    kinds: dict[int, Alpha] = {_PREMULTIPLIED: "premultiplied", _STRAIGHT: "straight"}
    first = page.samplesperpixel - len(page.extrasamples)
    if _by_libtiff(page) or page.photometric == _PALETTE:
        return 0, "none"
    return next(((i, kinds[kind]) for i, kind in enumerate(page.extrasamples, first) if kind in kinds), (0, "none"))


def _bands(page: Any) -> int:
    if page.photometric in (_CMYK, _YCBCR, _LAB):
        return 3
    if page.photometric == _PALETTE:
        red, green, blue = _palette(page).T
        return 1 if np.array_equal(red, green) and np.array_equal(green, blue) else 3
    return int(page.samplesperpixel) - (_alpha(page)[1] != "none")


def _palette(page: Any) -> np.ndarray:
    """Returns the (2**bits, 3) colours; 16-bit entries are rounded down to 8, as libtiff does."""
    entries = np.asarray(page.colormap).reshape(3, -1).T
    return (entries if entries.max() < 256 else entries >> 8).astype(np.uint8)


def _notes(tiff: tifffile.TiffFile) -> tuple[str, ...]:
    try:
        second = tiff.pages[1]
    except Exception:  # IndexError for none; anything for a damaged one, which is not needed
        return ()
    others = second.is_reduced or second.is_mask if isinstance(second, tifffile.TiffPage) else False
    return () if others else ("holds several images: only the first is read",)


def _pages(tiff: tifffile.TiffFile) -> int:
    """Returns the number of pages if all are like the first and have one band, otherwise 1."""
    first = tiff.pages.first
    if first.samplesperpixel > 1 or not _notes(tiff):
        return 1
    alike = all(page.shape == first.shape and page.dtype == first.dtype for page in tiff.pages)
    return len(tiff.pages) if alike else 1


def decode(data: bytes, contents: Contents) -> np.ndarray:
    """Decodes the first image of a TIFF, see :mod:`cyclesr.images.formats`.

    Raises:
        DamagedError: data are missing or cannot be decoded.
        UnsupportedError: values are beyond what can be converted to 16 bits.
    """
    with _opened(BytesIO(data)) as tiff:
        first = tiff.pages.first
        if _by_libtiff(first):
            return _decoded_by_libtiff(data)
        pages = tiff.pages if contents.bands > 1 and first.samplesperpixel == 1 and contents.pages > 1 else [first]
        return np.concatenate([_page(page, len(data), contents) for page in pages], 2)


def _page(page: Any, size: int, contents: Contents) -> np.ndarray:
    _check_extent(page, size)
    samples = np.moveaxis(page.asarray(squeeze=False, maxworkers=1)[:, 0], 0, 2)  # (height, width, planes, samples)
    return _colours(samples.reshape(page.imagelength, page.imagewidth, -1), page, contents)


def _check_extent(page: Any, size: int) -> None:
    """Raises ``DamagedError`` if segments are missing, which tifffile would fill with zeros."""
    ends = (offset + count for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False))
    if max(ends, default=0) > size or len(page.dataoffsets) < math.prod(page.chunked):
        raise DamagedError


def _colours(samples: np.ndarray, page: Any, contents: Contents) -> np.ndarray:
    """Converts samples to gray, RGB or bands, with alpha last."""
    index, alpha = _alpha(page)
    if page.photometric == _PALETTE:
        return _palette(page)[samples[..., 0]][..., : contents.bands]
    scaled_samples = from_floats(samples) if samples.dtype.kind == "f" else scaled(samples, page.bitspersample)
    colours = np.delete(scaled_samples, index, 2) if alpha != "none" else scaled_samples
    if page.photometric == _MIN_IS_WHITE:
        colours = np.concatenate([np.iinfo(colours.dtype).max - colours[..., :1], colours[..., 1:]], 2)
    if page.photometric == _CMYK:
        colours = _from_cmyk(colours)
    return colours if alpha == "none" else np.concatenate([colours, scaled_samples[..., index : index + 1]], 2)


def _from_cmyk(inks: np.ndarray) -> np.ndarray:
    """Converts (H, W, 4) inks to RGB without a profile, as decoders of JPEG do: the product of what they leave."""
    white = np.iinfo(inks.dtype).max
    left = white - inks.astype(np.uint64)
    return ((left[..., :3] * left[..., 3:4] + white // 2) // white).astype(inks.dtype)


def _decoded_by_libtiff(data: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise DamagedError
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
