"""Image files: listing, reading, writing, and the way to tensors and back."""

import os
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from cyclesr.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
_EXIF_ORIENTATION = 0x0112
_CONVERT_HEIC = " HEIC: convert it to JPEG or PNG first."
_HEIC_BRANDS = (b"heic", b"heix", b"heif", b"mif1", b"msf1", b"hevc")  # bytes 8 to 12, whatever the file is named
_pillow_limits = Lock()


Numbers = tuple[int, int] | None


def list_images(folder: str | Path, numbers: Numbers = None) -> list[Path]:
    """The paths of the images directly in a folder, see :func:`image_names`."""
    return [Path(folder, name) for name in image_names(folder, numbers)]


def image_names(folder: str | Path, numbers: Numbers = None) -> list[str]:
    """The file names of the images directly in a folder in natural order (2.png before 10.png), without hidden files.

    Args:
        folder: of images.
        numbers: keeps the files whose first number in the name lies within (first, last), both included; None keeps
            all.

    Raises:
        UserError: the folder is missing, is a file, or holds no image; a name without a number, or nothing left.
    """
    if not os.path.isdir(folder):
        found = "is a file" if os.path.exists(folder) else "does not exist"
        raise UserError(f"The image folder {folder} {found}. Give a folder of images ({' '.join(SUFFIXES)}).")
    names = [name for name in os.listdir(folder) if name.lower().endswith(SUFFIXES) and not name.startswith(".")]
    if not names:
        hint = heic_hint(os.listdir(folder))
        raise UserError(
            f"The folder {folder} holds no image ({' '.join(SUFFIXES)}; subfolders are not searched).{hint}"
        )
    names.sort(key=_natural_key)
    return names if numbers is None else _in_range(folder, names, *numbers)


def heic_hint(names: Iterable[str]) -> str:
    """What to do about the files of phones, which nothing here reads, if some are among the names."""
    return _CONVERT_HEIC if any(name.lower().endswith((".heic", ".heif")) for name in names) else ""


def _natural_key(name: str) -> tuple[str, str]:
    """Sort key that compares the numbers in a name as numbers; one string of it, since folders may hold 1e6 names."""
    return re.sub("[0-9]+", lambda digits: digits[0].zfill(20), name.lower()), name


def _in_range(folder: str | Path, names: list[str], first: int, last: int) -> list[str]:
    kept = [name for name in names if first <= _number(name) <= last]
    if not kept:
        raise UserError(
            f"No image of {folder} has a number from {first} to {last} in its name; "
            f"they run from {min(map(_number, names))} to {max(map(_number, names))}."
        )
    return kept


def _number(name: str) -> int:
    digits = re.search("[0-9]+", os.path.splitext(name)[0])
    if digits is None:
        raise UserError(f"A range of images needs a number in each file name; {name} has none. Drop the range.")
    return int(digits[0])


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


def write_image(path: str | Path, image: np.ndarray) -> None:
    """Writes (H, W, 3) RGB uint8 or uint16; the suffix chooses the format, missing folders are made.

    Raises:
        UserError: an unknown suffix, 16 bit in a format that has 8, or a place that cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(f"{path} has no suffix of an image format; take one of {' '.join(SUFFIXES)}.")
    if image.dtype == np.uint16 and path.suffix.lower() not in (".png", ".tif", ".tiff"):
        raise UserError(f"{path}: 16 bit fit into .png and .tif only. Choose one of these, or 8 bit.")
    _, data = cv2.imencode(path.suffix.lower(), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise UserError(f"The image {path} cannot be written: {error.strerror}.") from error


def to_tensor(image: np.ndarray) -> Tensor:
    """(H, W, 3) uint8 or uint16 -> (3, H, W) float32 in [0, 1]."""
    planes = np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32)
    return torch.from_numpy(planes) / float(np.iinfo(image.dtype).max)


def to_array(image: Tensor, bits: int = 8) -> np.ndarray:
    """(3, H, W) in [0, 1] -> (H, W, 3) uint8 or uint16 (``bits=16``), clamped and rounded to the nearest."""
    white = 2**bits - 1
    pixels = image.detach().permute(1, 2, 0).float().clamp(0, 1).mul(white).add(0.5).floor()
    return pixels.cpu().numpy().astype({8: np.uint8, 16: np.uint16}[bits])
