"""Writing pictures of any kind: gray, colour or bands, with alpha, 8 or 16 bits."""

from collections.abc import Iterable
from functools import partial
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from cyclesr.atomic_write import write_whole
from cyclesr.errors import UserError
from cyclesr.images.png_stream import write_png
from cyclesr.images.profile import LARGEST_PROFILE, with_profile
from cyclesr.images.reading import Picture
from cyclesr.images.tiff_stream import write_tiff
from cyclesr.images.writing import WRITTEN

WITH_ALPHA = (".png", ".tif", ".tiff", ".webp")
WITH_16_BITS = (".png", ".tif", ".tiff")
STREAMED = (".png", ".tif", ".tiff")
LONGEST_SIDES = {".jpg": 65535, ".jpeg": 65535, ".webp": 16383}


def check_format(path: Path, picture: Picture, scale: int) -> None:
    """Checks that a file format can hold the image at ``scale`` times its size, before it is computed.

    Raises:
        UserError: the suffix is unknown, or the format does not support alpha, 16 bits or such long sides.
    """
    suffix = path.suffix.lower()
    if suffix not in WRITTEN:
        raise UserError(f"{path} has no suffix of an image format: use one of {' '.join(WRITTEN)}.")
    if picture.alpha is not None and suffix not in WITH_ALPHA:
        raise UserError(f"{path}: this format does not support transparency. Use one of {', '.join(WITH_ALPHA)}.")
    if picture.bits == 16 and suffix not in WITH_16_BITS:
        raise UserError(f"{path}: this format does not support 16 bits. Use one of {', '.join(WITH_16_BITS)}.")
    if suffix in (".jpg", ".jpeg") and len(picture.profile) > LARGEST_PROFILE:
        raise UserError(
            f"{path}: this format does not support profiles of over 16 MB. Use one of {', '.join(STREAMED)}."
        )
    bands = picture.pixels.shape[2]
    if bands not in (1, 3) and suffix not in (".tif", ".tiff"):
        raise UserError(f"{path}: this format does not support {bands} bands. Use .tif.")
    longest = scale * max(picture.pixels.shape[:2])
    if longest > LONGEST_SIDES.get(suffix, longest):
        raise UserError(
            f"{path}: a side of {longest} pixels exceeds the maximum of {suffix} files ({LONGEST_SIDES[suffix]}). Use "
            f"one of {', '.join(STREAMED)}."
        )


def write_bands(
    path: Path,
    size: tuple[int, int],
    bands: Iterable[np.ndarray],
    profile: bytes = b"",
    alpha: bool | None = None,
) -> None:
    """Writes an image atomically. PNG and TIFF need only the memory of a few bands.

    Args:
        path: output file. Its suffix selects the format; missing folders are created.
        size: (height, width) of the image.
        bands: bands ``(k, width, channels)`` in uint8 or uint16, from top to bottom: gray, gray with
            alpha, RGB or RGBA.
        profile: ICC profile of the colours; not written to BMP.
        alpha: whether the last channel is alpha; None for 2 and 4 channels. Only TIFF takes 2 or 4 without alpha, and
            more.

    Raises:
        UserError: the file cannot be written or the disk is full. An existing file is unchanged.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, partial(_write, path.suffix.lower(), size, bands, profile, alpha))
    except OSError as error:
        raise UserError(f"The image {path} cannot be written: {error.strerror}.") from error


def _write(
    suffix: str,
    size: tuple[int, int],
    bands: Iterable[np.ndarray],
    profile: bytes,
    alpha: bool | None,
    path: Path,
) -> None:
    with path.open("wb") as file:
        if suffix == ".png":
            write_png(file, size, bands, profile)
        elif suffix in STREAMED:
            write_tiff(file, size, bands, profile, alpha)
        else:
            file.write(_encoded(suffix, np.concatenate(list(bands)), profile))


def _encoded(suffix: str, image: np.ndarray, profile: bytes) -> bytes:
    if suffix == ".webp" and profile[16:20] == b"RGB ":  # WebP has no gray images, for which others are meant
        return _webp(image, profile)
    channels = image.shape[2]
    order = {1: [0], 2: [0, 0, 0, 1], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[channels]  # BGR; gray with alpha has no own kind
    bgr = image[..., order]
    data = cv2.imencode(suffix, np.ascontiguousarray(bgr))[1].tobytes()
    return with_profile(data, profile) if suffix in (".jpg", ".jpeg") else data


def _webp(image: np.ndarray, profile: bytes) -> bytes:
    """Encodes without loss, as OpenCV does, which writes no profile."""
    rgb = image if image.shape[2] > 2 else image[..., [0, 0, 0, 1][: 2 + image.shape[2]]]
    file = BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb)).save(file, "WEBP", lossless=True, exact=True, icc_profile=profile)
    return file.getvalue()
