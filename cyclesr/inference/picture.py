"""A picture with what its file holds: colours and their profile, bit depth, transparency, and whether it is gray."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from cyclesr.datasets.images import SUFFIXES, open_header, read_image, to_array
from cyclesr.errors import UserError
from cyclesr.inference.png_stream import write_png
from cyclesr.inference.tiff_stream import write_tiff
from cyclesr.inference.upscale import Span, Upscaler
from cyclesr.models.imresize import imresize
from cyclesr.whole_file import write_whole

WITH_ALPHA = (".png", ".tif", ".tiff", ".webp")
WITH_16_BITS = (".png", ".tif", ".tiff")
STREAMED = {".png": write_png, ".tif": write_tiff, ".tiff": write_tiff}
LONGEST_SIDES = {".jpg": 65535, ".jpeg": 65535, ".webp": 16383}
_PROFILE_PART = 65519  # bytes: a JPEG segment holds 65535, its length and the profile's heading among them
_ALPHA_MARGIN = 4  # LR pixels beyond a row of tiles, of which bicubic enlargement sees 2


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

    def enlarged(self, upscaler: Upscaler) -> Iterator[np.ndarray]:
        """The same kind of picture, super-resolved, from top to bottom: (k, scale * W, channels) each.

        One channel for gray, three for colours, four with alpha, which grows bicubically; of the same depth.
        """
        for row, tiles in upscaler.rows(self.pixels, self._as_stored):
            band = np.concatenate(tiles, axis=1)
            yield band if self.alpha is None else np.concatenate([band, self._alpha_of(row, upscaler.scale)], axis=2)

    def _as_stored(self, tile: Tensor) -> np.ndarray:
        if self.gray:
            return to_array(tile.mean(0, keepdim=True).expand(3, -1, -1), self.bits)[..., :1]
        return to_array(tile, self.bits)

    def _alpha_of(self, row: Span, scale: int) -> np.ndarray:
        assert self.alpha is not None
        first = max(row.start - _ALPHA_MARGIN, 0)
        part = self.alpha[first : row.stop + _ALPHA_MARGIN].astype(np.float32) / (2**self.bits - 1)
        size = (scale * part.shape[0], scale * part.shape[1])
        enlarged = imresize(torch.from_numpy(part)[None], size=size).clamp(0, 1)
        kept = enlarged[:, (row.start - first) * scale : (row.stop - first) * scale]
        return to_array(kept.expand(3, -1, -1), self.bits)[..., :1]


def read_picture(path: str | Path) -> Picture:
    """Reads a picture file.

    Raises:
        UserError: missing, corrupt, neither 8 nor 16 bit, or transparent and turned by its EXIF orientation.
    """
    pixels = read_image(path)
    gray, alpha = _gray_and_alpha(Path(path), pixels)
    return Picture(pixels, alpha, gray, _profile(Path(path), gray))


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


def _profile(path: Path, gray: bool) -> bytes:
    """The ICC profile, if it is one of the colours that were decoded: one of CMYK, say, is not."""
    with open_header(path) as header:
        profile: bytes = header.info.get("icc_profile") or b""
    return profile if profile[16:20] == (b"GRAY" if gray else b"RGB ") else b""


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
            file.write(_with_profile(data, profile) if suffix in (".jpg", ".jpeg") else data)


def _encoded(suffix: str, image: np.ndarray) -> bytes:
    channels = image.shape[2]
    bgr = image if channels == 1 else image[..., [2, 1, 0, 3][:channels]]
    _, data = cv2.imencode(suffix, np.ascontiguousarray(bgr))
    return data.tobytes()


def _with_profile(jpeg: bytes, profile: bytes) -> bytes:
    """A JPEG with an ICC profile, cut into segments that a length of 16 bits can count, behind its first header."""
    parts = [profile[i : i + _PROFILE_PART] for i in range(0, len(profile), _PROFILE_PART)]
    segments = b""
    for number, part in enumerate(parts, 1):
        body = b"ICC_PROFILE\0" + bytes([number, len(parts)]) + part
        segments += b"\xff\xe2" + (2 + len(body)).to_bytes(2, "big") + body
    first = 4 + int.from_bytes(jpeg[4:6], "big")  # behind SOI and JFIF's APP0
    return jpeg[:first] + segments + jpeg[first:]
