"""What an image file holds, as its header says, in words that are the same for every format."""

import os
from dataclasses import dataclass, replace
from typing import BinaryIO, Literal

#: Images with more pixels are rejected before they are decoded: a small file can declare any size.
MOST_PIXELS = 2**30
_SMALL = 2**28  # decoded bytes: images up to this size may be as compressed as they like
_DENSEST = 500  # decoded bytes per byte of larger ones; deflate reaches 1000 with zeros

Alpha = Literal["none", "straight", "premultiplied"]


class DamagedError(Exception):
    """Bytes that are not an image of their format: cut off, overwritten, or of an unknown format."""


class UnsupportedError(Exception):
    """A valid image that cannot be read. The message continues the sentence "The image FILE ..."."""


class OverwrittenError(Exception):
    """Damage that decoders repair by guessing. The message is what the decoder says of it."""


@dataclass(frozen=True)
class Contents:
    """The properties of an image file.

    Attributes:
        height: number of rows as stored, before the orientation is applied.
        width: number of columns as stored.
        bands: number of samples per pixel without alpha: 1 is gray, 3 is RGB, others are spectral bands. Palettes, CMYK
            and YCbCr count as RGB, because they are decoded to it.
        bits: bits per sample of the decoded image, 8 or 16. Other depths are scaled to the next of these.
        alpha: whether there is transparency, and whether the colours are stored multiplied by it.
        orientation: EXIF orientation, 1 to 8.
        profile: ICC profile of the file, for whatever colours it is meant; empty if there is none.
        notes: what the file holds besides and is not read. Each continues the sentence "FILE ...".
        pages: number of images of one band and of this size in the file, which :meth:`as_stack` takes for bands.
    """

    height: int
    width: int
    bands: int
    bits: int = 8
    alpha: Alpha = "none"
    orientation: int = 1
    profile: bytes = b""
    notes: tuple[str, ...] = ()
    pages: int = 1

    def as_stack(self, channels: int) -> "Contents":
        """Returns the contents with the pages as bands if there are so many, as microscopes store channels.

        Three gray pages are no RGB image: of them, the first is read.
        """
        if channels in (1, 3) or self.pages != channels:
            return self
        return replace(self, bands=channels, notes=())

    @property
    def size(self) -> tuple[int, int]:
        """Returns (height, width) of the upright image."""
        return (self.width, self.height) if self.orientation >= 5 else (self.height, self.width)

    @property
    def samples(self) -> int:
        """Returns the number of samples per pixel, alpha included."""
        return self.bands + (self.alpha != "none")

    @property
    def colour_profile(self) -> bytes:
        """Returns the ICC profile if it is one for the decoded colours, otherwise ``b""``, as for that of CMYK."""
        return self.profile if self.profile[16:20] == (b"GRAY" if self.bands == 1 else b"RGB ") else b""


def check_size(contents: Contents, file: BinaryIO) -> None:
    """Checks that an image can be decoded.

    Raises:
        DamagedError: it has no pixels.
        UnsupportedError: it has more than :data:`MOST_PIXELS`, or far more than a file of its length can hold.
    """
    if contents.height < 1 or contents.width < 1:
        raise DamagedError
    if contents.height * contents.width > MOST_PIXELS:
        raise UnsupportedError(
            f"measures {contents.width}x{contents.height}, more than the limit of {MOST_PIXELS} pixels: cut it into "
            "parts."
        )
    length = file.seek(0, os.SEEK_END)
    decoded = contents.height * contents.width * contents.samples * contents.bits // 8
    if decoded > max(_SMALL, _DENSEST * length):
        raise UnsupportedError(
            f"declares {contents.width}x{contents.height} pixels in {length} bytes, as no photograph does: remove it, "
            "or cut it into parts."
        )
