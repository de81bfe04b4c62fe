"""Images together with the properties of their files: colour profile, bit depth, transparency and grayscale."""

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
    """A decoded image.

    Attributes:
        pixels: ``(H, W, 3)`` RGB in uint8 or uint16; the channel of a grayscale image is repeated.
        alpha: ``(H, W)`` in the same dtype, or None.
        gray: whether the file has one channel.
        profile: ICC profile of the colours; empty if the file has none.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None
    gray: bool
    profile: bytes = b""

    @property
    def bits(self) -> int:
        """Returns the bit depth, 8 or 16."""
        return 8 * self.pixels.itemsize


def read_picture(path: str | Path) -> Picture:
    """Reads an image file.

    Raises:
        UserError: the file is missing, corrupt or neither 8 nor 16 bit, or it has both transparency and an EXIF
            orientation that rotates it by 90 degrees.
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
        return False, None  # one colour is declared transparent, which the decoder does not convert to alpha
    if stored.shape[:2] != rgb.shape[:2]:
        raise UserError(
            f"{path} has transparency and an EXIF orientation, which is not supported: save it with rotated pixels."
        )
    return False, stored[..., 3]


def _bands(path: Path) -> tuple[int, bool]:
    """Returns the number of channels and whether there is transparency, according to the header."""
    with open_header(path) as header:
        return len(header.getbands()), "A" in header.getbands() or "transparency" in header.info


def check_format(path: Path, picture: Picture, scale: int) -> None:
    """Checks that a file format can hold the image at ``scale`` times its size, before it is computed.

    Raises:
        UserError: the suffix is unknown, or the format does not support alpha, 16 bits or such long sides.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(f"{path} has no suffix of an image format: use one of {' '.join(SUFFIXES)}.")
    if picture.alpha is not None and suffix not in WITH_ALPHA:
        raise UserError(f"{path}: this format does not support transparency. Use one of {', '.join(WITH_ALPHA)}.")
    if picture.bits == 16 and suffix not in WITH_16_BITS:
        raise UserError(f"{path}: this format does not support 16 bits. Use one of {', '.join(WITH_16_BITS)}.")
    longest = scale * max(picture.pixels.shape)
    if longest > LONGEST_SIDES.get(suffix, longest):
        raise UserError(
            f"{path}: a side of {longest} pixels exceeds the maximum of {suffix} files ({LONGEST_SIDES[suffix]}). Use "
            f"one of {', '.join(STREAMED)}."
        )


def write_bands(path: Path, size: tuple[int, int], bands: Iterable[np.ndarray], profile: bytes = b"") -> None:
    """Writes an image atomically. PNG and TIFF need only the memory of a few bands.

    Args:
        path: output file. Its suffix selects the format; missing folders are created.
        size: (height, width) of the image.
        bands: bands ``(k, width, channels)`` in uint8 or uint16, from top to bottom: grayscale, RGB or RGBA.
        profile: ICC profile of the colours; not written to BMP and WebP.

    Raises:
        UserError: the file cannot be written or the disk is full. An existing file is unchanged.
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
