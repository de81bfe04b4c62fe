"""A picture with everything that its file holds: colours, bit depth, transparency, and whether it is gray."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from cyclesr.datasets.images import read_image, to_array, to_tensor, write_image
from cyclesr.errors import UserError
from cyclesr.models.imresize import imresize

WITH_ALPHA = (".png", ".tif", ".tiff", ".webp")
WITH_16_BITS = (".png", ".tif", ".tiff")


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        rgb: (3, H, W) float32 in [0, 1]; gray is repeated.
        alpha: (1, H, W) in [0, 1], or ``None``.
        gray: the file has one channel.
        bits: 8 or 16.
    """

    rgb: Tensor
    alpha: Tensor | None
    gray: bool
    bits: int

    def upscaled(self, rgb: Tensor) -> "Picture":
        """The same kind of picture with ``rgb`` (3, s * H, s * W) for its colours; alpha grows bicubically."""
        size = (rgb.shape[-2], rgb.shape[-1])
        alpha = None if self.alpha is None else imresize(self.alpha, size=size).clamp(0, 1)
        return Picture(rgb, alpha, self.gray, self.bits)


def read_picture(path: str | Path) -> Picture:
    """Reads a picture file.

    Raises:
        UserError: missing, corrupt, neither 8 nor 16 bit, or transparent and turned by its EXIF orientation.
    """
    array = read_image(path)
    gray, alpha = _gray_and_alpha(Path(path), array)
    return Picture(to_tensor(array), alpha, gray, bits=array.dtype.itemsize * 8)


def _gray_and_alpha(path: Path, rgb: np.ndarray) -> tuple[bool, Tensor | None]:
    with Image.open(path) as header:  # decodes nothing
        transparent = "A" in header.getbands() or "transparency" in header.info
        bands = len(header.getbands())
    if not transparent:
        return bands == 1 and bool((rgb == rgb[..., :1]).all()), None
    stored = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None or stored.ndim != 3 or stored.shape[2] != 4:
        return False, None  # a colour that is to be transparent, which the decoder does not turn into alpha
    if stored.shape[:2] != rgb.shape[:2]:
        raise UserError(f"{path} is transparent and turned by its EXIF orientation: turn its pixels, then try again.")
    white = float(2 ** (8 * stored.dtype.itemsize) - 1)
    return False, torch.from_numpy(stored[..., 3].astype(np.float32))[None] / white


def write_picture(path: str | Path, picture: Picture) -> None:
    """Writes a picture as what it was: gray stays gray, 16 bits stay 16 and alpha is kept, where the format can.

    Raises:
        UserError: the format cannot hold alpha or 16 bits, or the place cannot be written.
    """
    path = Path(path)
    if picture.alpha is not None and path.suffix.lower() not in WITH_ALPHA:
        raise UserError(f"{path}: transparency fits into {', '.join(WITH_ALPHA)} only. Choose one of these.")
    if picture.alpha is None and not picture.gray:
        return write_image(path, to_array(picture.rgb, picture.bits))
    if picture.bits == 16 and path.suffix.lower() not in WITH_16_BITS:
        raise UserError(f"{path}: 16 bits fit into {', '.join(WITH_16_BITS)} only. Choose one of these.")
    return _encode(path, _channels(picture))


def _channels(picture: Picture) -> np.ndarray:
    """(H, W) for gray, (H, W, 4) in OpenCV's order for alpha."""
    if picture.alpha is None:
        return to_array(picture.rgb.mean(0, keepdim=True).expand(3, -1, -1), picture.bits)[..., 0]
    colours = to_array(picture.rgb, picture.bits)[..., ::-1]
    alpha = to_array(picture.alpha.expand(3, -1, -1), picture.bits)[..., :1]
    return np.concatenate([colours, alpha], axis=2)


def _encode(path: Path, channels: np.ndarray) -> None:
    _, data = cv2.imencode(path.suffix.lower(), np.ascontiguousarray(channels))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise UserError(f"The image {path} cannot be written: {error.strerror}.") from error
