"""Reads image files: what they hold, by their headers, and their pixels.

Every command reads images by these functions, so that all agree about every file.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np

from cyclesr.errors import UserError
from cyclesr.images.contents import Contents, DamagedError, OverwrittenError, UnsupportedError
from cyclesr.images.formats import format_of
from cyclesr.images.formats.foreign import describe_foreign
from cyclesr.images.orientation import upright
from cyclesr.images.transparency import bleed, straight

_START = 64  # bytes that tell the format

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # each damaged file is one line of ours


@dataclass(frozen=True)
class Picture:
    """A decoded image.

    Attributes:
        pixels: ``(H, W, channels)`` in uint8 or uint16; the band of a gray image is repeated if there are 3 channels.
            Pixels of alpha 0 have the colour of the nearest visible pixel.
        alpha: ``(H, W)`` in the same dtype, or None. Colours are not multiplied by it.
        gray: whether the file has one band.
        profile: ICC profile of the colours; empty if the file has none.
        notes: what the file holds besides and was not read. Each continues the sentence "FILE ...".
    """

    pixels: np.ndarray
    alpha: np.ndarray | None
    gray: bool
    profile: bytes = b""
    notes: tuple[str, ...] = ()

    @property
    def bits(self) -> int:
        """Returns the bit depth, 8 or 16."""
        return 8 * self.pixels.itemsize


def read_image(path: str | Path, channels: int = 3, *, strict: bool = False) -> np.ndarray:
    """Reads an image as ``(H, W, channels)`` in uint8 or uint16, RGB if there are 3 channels.

    Alpha is dropped and the colours are kept as stored, because compositing with a background would create edges that
    a network would learn; pixels of alpha 0 get the colour of the nearest visible pixel. The orientation is applied.
    Depths below 8 bits are scaled to 8, those above 8 to 16. Of a file with several images, the first is read; a TIFF
    of as many gray pages as there are channels is read as bands.

    Args:
        path: image file. Its content decides the format, not its suffix.
        channels: number of channels. With 3, gray is repeated and a fourth band is left out. Other numbers must be that
            of the bands; 1 also takes RGB files whose three bands are equal.
        strict: whether damage is an error that decoders repair by guessing, as libjpeg does with data of pixels that
            are missing or left over.

    Raises:
        UserError: the file is missing, corrupt or truncated, has samples that are neither of 8 or 16 bits nor can be
            converted to them, has other bands, or too many pixels.
    """
    return read_picture(path, channels, strict=strict).pixels


def read_picture(path: str | Path, channels: int = 3, *, strict: bool = False) -> Picture:
    """Reads an image with its alpha, its colour profile and notes on what is not read, see :func:`read_image`.

    Raises:
        UserError: as for :func:`read_image`.
    """
    _require_file(path)
    data = _content(path)
    with _errors_of(path, data[:_START], len(data)):
        kind = format_of(data[:_START])
        contents = kind.describe(BytesIO(data)).as_stack(channels)
        bands, note = _check_bands(contents, channels)
        if strict:
            kind.verify(data)
        samples = kind.decode(data, contents)
        if samples.shape != (contents.height, contents.width, contents.samples):
            raise DamagedError
        pixels, alpha = _split(upright(samples, contents.orientation), contents, bands)
        pixels = _with_channels(pixels, channels)
    return Picture(pixels, alpha, contents.bands == 1, contents.colour_profile, contents.notes + note)


def describe_image(path: str | Path, channels: int | None = 3) -> Contents:
    """Describes an image by its header.

    Args:
        path: image file.
        channels: number of channels that are wanted; None takes any number of bands.

    Raises:
        UserError: as for :func:`read_image`, as far as the header tells.
    """
    _require_file(path)
    try:
        with open(path, "rb") as file:
            start = file.read(_START)
            file.seek(0)
            size = Path(path).stat().st_size
            with _errors_of(path, start, size):
                contents = format_of(start).describe(file)
                if channels is not None:
                    contents = contents.as_stack(channels)
                    _check_bands(contents, channels)
                return contents
    except OSError as error:
        raise UserError(f"The image {path} cannot be read: {error.strerror or error}.") from error


def channels_of_file(path: str | Path) -> int:
    """Returns with how many channels a file is best read: 3 for gray and RGB, otherwise its number of bands.

    Raises:
        UserError: as for :func:`read_image`, as far as the header tells.
    """
    bands = describe_image(path, None).bands
    return 3 if bands == 1 else bands


def image_size(path: str | Path, channels: int = 3) -> tuple[int, int]:
    """Returns (height, width) of the image that :func:`read_image` would return, but reads only the header.

    Raises:
        UserError: as for :func:`describe_image`.
    """
    return describe_image(path, channels).size


def _require_file(path: str | Path) -> None:
    """Raises a UserError if a path is no regular file: reading a pipe or a device may never end."""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise UserError(f"The image {path} cannot be read: {error.strerror}.") from error
    if not stat.S_ISREG(mode):
        found = "a folder" if stat.S_ISDIR(mode) else "a pipe, a device or a socket"
        raise UserError(f"The image {path} cannot be read: expected a file, found {found}.")


def _content(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"The image {path} cannot be read: {error.strerror}.") from error


@contextmanager
def _errors_of(path: str | Path, start: bytes, size: int) -> Iterator[None]:
    """Turns any error of a format into one line that names the file."""
    try:
        yield
    except UnsupportedError as error:
        raise UserError(f"The image {path} {error}") from error
    except OverwrittenError as error:
        raise UserError(
            f"The image {path} is damaged behind its header ({error}): replace it, or save it again if it looks right."
        ) from error
    except MemoryError as error:
        raise UserError(f"The image {path} does not fit into memory: cut it into parts.") from error
    except Exception as error:  # headers and decoders raise errors of many types for damaged data
        found = describe_foreign(start) or (
            f"({size} bytes) is corrupt, truncated or of an unknown format: replace or remove it."
        )
        raise UserError(f"The image {path} {found}") from error


def _check_bands(contents: Contents, channels: int) -> tuple[int, tuple[str, ...]]:
    """Returns the number of bands that are read, alpha included if it counts as a band, and notes.

    Raises:
        UnsupportedError: the image cannot be read with so many channels.
    """
    bands = contents.bands
    if channels in (bands, contents.samples) or (channels == 3 and bands == 1) or (channels == 1 and bands == 3):
        return (channels if channels == contents.samples else bands), ()
    if channels == 3 and bands == 4:
        return 3, ("has 4 bands: the first three are taken for red, green and blue, and the fourth is left out",)
    raise UnsupportedError(
        f"has {bands} band{'s' * (bands > 1)}, but {channels} channel{'s are' if channels > 1 else ' is'} expected: "
        f"train with channels={bands}, or save the bands that you mean."
    )


def _split(image: np.ndarray, contents: Contents, bands: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Splits an upright image into straight colours and alpha, and leaves out surplus bands."""
    if bands == contents.samples or contents.alpha == "none":
        return np.ascontiguousarray(image[..., :bands]), None
    colours, alpha = image[..., : contents.bands][..., :bands], np.ascontiguousarray(image[..., -1])
    if contents.alpha == "premultiplied":
        colours = straight(colours, alpha)
    return np.ascontiguousarray(bleed(colours, alpha)), alpha


def _with_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    if pixels.shape[2] == channels:
        return pixels
    if channels == 3:
        return cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    if (pixels != pixels[..., :1]).any():
        raise UnsupportedError("has colours, but 1 channel is expected: convert it to gray, or train with channels=3.")
    return np.ascontiguousarray(pixels[..., :1])


def without_surplus(image: np.ndarray, scale: int, path: Path) -> np.ndarray:
    """Crops an HR image ``(H, W, channels)`` at the bottom and right to multiples of ``scale``.

    Raises:
        UserError: the image is smaller than one LR pixel. The message names ``path``.
    """
    height, width = (side // scale * scale for side in image.shape[:2])
    if not (height and width):
        raise UserError(
            f"The HR image {path} measures {image.shape[1]}x{image.shape[0]}, less than the scale {scale}: remove it."
        )
    return image[:height, :width]
