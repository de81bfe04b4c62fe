"""A picture with what its file holds: colours and their profile, bit depth, transparency, and whether it is gray."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from cyclesr.atomic_write import write_whole
from cyclesr.errors import UserError
from cyclesr.images.listing import SUFFIXES
from cyclesr.images.png_stream import write_png
from cyclesr.images.profile import profile_of, with_profile
from cyclesr.images.reading import open_header, read_image
from cyclesr.images.tiff_stream import write_tiff

WITH_ALPHA = (".png", ".tif", ".tiff", ".webp")
WITH_16_BITS = (".png", ".tif", ".tiff")
STREAMED = {".png": write_png, ".tif": write_tiff, ".tiff": write_tiff}
LONGEST_SIDES = {".jpg": 65535, ".jpeg": 65535, ".webp": 16383}


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        pixels: (H, W, 3) RGB, uint8 or uint16; gray is repeated.
        alpha: (H, W) of the same type, or ``None``.
        gray: the file has one channel.
        profile: ICC profile that says what the colours mean; empty where the file has none.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None
    gray: bool
    profile: bytes = b""

    @property
    def bits(self) -> int:
        """8 or 16."""
        return 8 * self.pixels.itemsize


def read_picture(path: str | Path) -> Picture:
    """Reads a picture file.

    Raises:
        UserError: missing, corrupt, neither 8 nor 16 bit, or transparent and turned by its EXIF orientation.
    """
    pixels = read_image(path)
    gray, alpha = _gray_and_alpha(Path(path), pixels)
    return Picture(pixels, alpha, gray, profile_of(Path(path), gray))


def _gray_and_alpha(path: Path, rgb: np.ndarray) -> tuple[bool, np.ndarray | None]:
    bands, transparent = _bands(path)
    if not transparent:
        return bands == 1 and bool((rgb == rgb[..., :1]).all()), None
    stored = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None or stored.ndim != 3 or stored.shape[2] != 4:
        return False, None  # a colour that is to be transparent, which the decoder does not turn into alpha
    if stored.shape[:2] != rgb.shape[:2]:
        raise UserError(f"{path} is transparent and turned by its EXIF orientation: turn its pixels, then try again.")
    return False, stored[..., 3]


def _bands(path: Path) -> tuple[int, bool]:
    """The number of channels that the header speaks of, and whether it speaks of transparency."""
    with open_header(path) as header:
        return len(header.getbands()), "A" in header.getbands() or "transparency" in header.info


def check_format(path: Path, picture: Picture, scale: int) -> None:
    """Whether a file can hold the picture at ``scale`` times its size, before it is computed.

    Raises:
        UserError: an unknown suffix, or a format that cannot hold alpha, 16 bits or sides so long.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(f"{path} has no suffix of an image format; take one of {' '.join(SUFFIXES)}.")
    if picture.alpha is not None and suffix not in WITH_ALPHA:
        raise UserError(f"{path}: transparency fits into {', '.join(WITH_ALPHA)} only. Choose one of these.")
    if picture.bits == 16 and suffix not in WITH_16_BITS:
        raise UserError(f"{path}: 16 bits fit into {', '.join(WITH_16_BITS)} only. Choose one of these.")
    longest = scale * max(picture.pixels.shape)
    if longest > LONGEST_SIDES.get(suffix, longest):
        raise UserError(
            f"{path}: {longest} pixels a side are more than {suffix} can hold ({LONGEST_SIDES[suffix]}). "
            f"Choose one of {', '.join(STREAMED)}."
        )


def write_bands(path: Path, size: tuple[int, int], bands: Iterable[np.ndarray], profile: bytes = b"") -> None:
    """Writes an image, whole or not at all; PNG and TIFF in the memory of a few bands.

    Args:
        path: the suffix chooses the format; missing folders are made.
        size: (height, width).
        bands: (k, width, channels) each, uint8 or uint16, from top to bottom; gray, RGB, or RGB with alpha.
        profile: ICC profile of the colours; left out of BMP and WebP.

    Raises:
        UserError: the place cannot be written, or the disk is full; what was there is intact.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, partial(_write, path.suffix.lower(), size, bands, profile))
    except OSError as error:
        raise UserError(f"The image {path} cannot be written: {error.strerror}.") from error


def _write(suffix: str, size: tuple[int, int], bands: Iterable[np.ndarray], profile: bytes, path: Path) -> None:
    with path.open("wb") as file:
        if suffix in STREAMED:
            STREAMED[suffix](file, size, bands, profile)
        else:
            data = _encoded(suffix, np.concatenate(list(bands)))
            file.write(with_profile(data, profile) if suffix in (".jpg", ".jpeg") else data)


def _encoded(suffix: str, image: np.ndarray) -> bytes:
    channels = image.shape[2]
    bgr = image if channels == 1 else image[..., [2, 1, 0, 3][:channels]]
    _, data = cv2.imencode(suffix, np.ascontiguousarray(bgr))
    return data.tobytes()
