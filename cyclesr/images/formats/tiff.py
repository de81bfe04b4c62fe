"""TIFF of any layout: strips or tiles, contiguous or planar, any depth and number of bands, by tifffile.

Only YCbCr of fewer colours than pixels, without JPEG compression, is left to libtiff.
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
from PIL import Image

from cyclesr.images.colour_spaces import DEFAULT_WEIGHTS, from_cmyk, from_lab, from_ycbcr
from cyclesr.images.contents import Alpha, Contents, DamagedError, UnsupportedError, check_size
from cyclesr.images.depth import from_floats, scaled
from cyclesr.images.orientation import valid_orientation

_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB, _PALETTE, _MASK, _CMYK, _YCBCR, _LAB = 0, 1, 2, 3, 4, 5, 6, 8
_COLOURS = (_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB, _PALETTE, _MASK, _CMYK, _YCBCR, _LAB)
_PREMULTIPLIED, _STRAIGHT = 1, 2  # of ExtraSamples
_INTO_RGB = (6, 7, 33007, 34892, 34927, 50001, 50002, 52546)  # of Compression: decoders of these convert YCbCr
_PROFILE, _ORIENTATION, _EXTRA_SAMPLES, _WEIGHTS, _RANGES = 34675, 274, 338, 529, 532  # tags

# It logs what is odd in a file, although it reads it, or raises an error as well, which becomes one line.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)


def describe(file: BinaryIO) -> Contents:
    """Describes the first image of a TIFF that is no preview or mask of another.

    Raises:
        DamagedError: the header cannot be read.
        UnsupportedError: samples are signed or complex, colours are of a kind that is not read, or there are too many
            pixels.
    """
    with _opened(file) as tiff:
        page = _main(tiff)
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
            _notes(tiff, page),
            _pages(tiff, page),
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


def _main(tiff: tifffile.TiffFile) -> Any:
    """Returns the first image in full resolution: some files begin with a preview."""
    first = tiff.pages.first
    if not _is_of_another(first):
        return first
    return next((page for page in tiff.pages if not _is_of_another(page)), first)


def _is_of_another(page: Any) -> bool:
    return bool(isinstance(page, tifffile.TiffPage) and (page.is_reduced or page.is_mask))


def _check_kind(page: Any) -> None:
    if page.compression != 1 and page.compression not in tifffile.TIFF.DECOMPRESSORS:
        raise UnsupportedError(
            f"is a TIFF with {_name(page.compression)} compression, which is not read: save it with LZW or deflate."
        )
    if not _has_known_colours(page):
        raise UnsupportedError(f"is a TIFF of {_name(page.photometric)} colours, which are not read: save it as RGB.")
    if _dtype(page).kind not in "ubf":
        raise UnsupportedError(f"has {page.dtype} samples: save it with unsigned samples of 8 or 16 bits.")
    bits, kind = page.bitspersample, _dtype(page).kind
    if (kind == "u" and 16 < bits < 32) or (bits != 8 and _by_libtiff(page)) or (bits not in (8, 16) and _is_lab(page)):
        raise UnsupportedError(f"is a TIFF of {bits}-bit {_name(page.photometric)} colours: save it as 16-bit RGB.")


def _has_known_colours(page: Any) -> bool:
    if page.photometric == _CMYK:
        return bool(page.samplesperpixel >= 4)
    if _is_lab(page):
        return bool(page.samplesperpixel >= 3 and page.compression not in _INTO_RGB)
    return page.photometric in _COLOURS


def _dtype(page: Any) -> np.dtype:
    if page.dtype is None or isinstance(page.bitspersample, tuple):
        raise UnsupportedError(f"has {page.bitspersample}-bit samples of an unknown kind: save it with 8 or 16 bits.")
    return np.dtype(page.dtype)


def _name(photometric: Any) -> str:
    return getattr(photometric, "name", str(photometric))


def _is_lab(page: Any) -> bool:
    return bool(page.photometric == _LAB)


def _is_ycbcr(page: Any) -> bool:
    """Returns whether the decoded samples are YCbCr."""
    return page.photometric == _YCBCR and page.compression not in _INTO_RGB


def _by_libtiff(page: Any) -> bool:
    return bool(_is_ycbcr(page) and page.is_subsampled)


def _alpha(page: Any) -> tuple[int, Alpha]:
    """Returns the index of the sample that is alpha, and its kind; (0, "none") if there is none."""
    kinds: dict[int, Alpha] = {_PREMULTIPLIED: "premultiplied", _STRAIGHT: "straight"}
    first = page.samplesperpixel - len(page.extrasamples)
    if _by_libtiff(page):
        return 0, "none"
    if page.photometric == _RGB and page.samplesperpixel == 4 and _EXTRA_SAMPLES not in page.tags:
        return 3, "straight"  # as OpenCV writes RGBA
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


def _notes(tiff: tifffile.TiffFile, page: Any) -> tuple[str, ...]:
    try:
        following = tiff.pages[page.index + 1]
    except Exception:  # IndexError for none; anything for a damaged one, which is not needed
        return ()
    return () if _is_of_another(following) else ("holds several images: only the first is read",)


def _pages(tiff: tifffile.TiffFile, first: Any) -> int:
    """Returns the number of pages if all are like the first and have one band, otherwise 1."""
    if first.samplesperpixel > 1 or not _notes(tiff, first):
        return 1
    alike = all(page.shape == first.shape and page.dtype == first.dtype for page in tiff.pages)
    return len(tiff.pages) if alike else 1


def decode(data: bytes, contents: Contents) -> np.ndarray:
    """Decodes the image of a TIFF that :func:`describe` describes, see :mod:`cyclesr.images.formats`.

    Raises:
        DamagedError: data are missing or cannot be decoded.
        UnsupportedError: values are beyond what can be converted to 16 bits.
    """
    with _opened(BytesIO(data)) as tiff:
        first = _main(tiff)
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
    scaled_samples = from_floats(samples) if samples.dtype.kind == "f" else scaled(samples, page.bitspersample)
    if page.photometric == _PALETTE:
        colours = _palette(page)[samples[..., 0]][..., : contents.bands]
    else:
        colours = _as_rgb(np.delete(scaled_samples, index, 2) if alpha != "none" else scaled_samples, page)
    return colours if alpha == "none" else np.concatenate([colours, scaled_samples[..., index : index + 1]], 2)


def _as_rgb(colours: np.ndarray, page: Any) -> np.ndarray:
    """Converts colours of 8 or 16 bits, without alpha, to gray, RGB or bands."""
    if page.photometric == _MIN_IS_WHITE:
        return np.concatenate([np.iinfo(colours.dtype).max - colours[..., :1], colours[..., 1:]], 2)
    if page.photometric == _CMYK:
        return from_cmyk(colours)
    if _is_lab(page):
        return from_lab(colours)
    if _is_ycbcr(page):
        return _from_ycbcr(colours, page)
    return colours


def _from_ycbcr(colours: np.ndarray, page: Any) -> np.ndarray:
    weights, ranges = page.tags.valueof(_WEIGHTS), _fractions(page.tags.valueof(_RANGES) or ())
    pairs = list(zip(ranges[::2], ranges[1::2], strict=True)) or None
    return from_ycbcr(colours, _fractions(weights) if weights else DEFAULT_WEIGHTS, pairs)


def _fractions(value: tuple[int, ...]) -> list[float]:
    """Returns the numbers of a tag of numerators and denominators."""
    return [top / bottom for top, bottom in zip(value[::2], value[1::2], strict=True)]


def _decoded_by_libtiff(data: bytes) -> np.ndarray:
    """Decodes by OpenCV, or by Pillow, whose libtiff knows more compressions. Both turn the image upright."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is not None:
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    with Image.open(BytesIO(data), formats=("TIFF",)) as opened:
        if opened.info.get("compression") == "raw":  # which Pillow takes for as many colours as pixels
            raise DamagedError
        return np.asarray(opened.convert("RGB"))
