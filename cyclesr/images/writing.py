"""Writes image files."""

from io import BytesIO
from pathlib import Path

import cv2
import numpy as np

from cyclesr.atomic_write import write_whole_bytes
from cyclesr.errors import UserError
from cyclesr.images.tiff_stream import write_tiff

#: Suffixes of the formats that are written.
WRITTEN = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")


def suffix_for(channels: int) -> str:
    """Returns the suffix of results without a given name: PNG for gray and RGB, TIFF for other numbers of bands."""
    return ".png" if channels in (1, 3) else ".tif"


def write_image(path: str | Path, image: np.ndarray) -> None:
    """Writes gray ``(H, W, 1)``, RGB ``(H, W, 3)`` or, in a TIFF, other bands, in uint8 or uint16.

    The suffix selects the format; missing folders are created. A process that is killed meanwhile leaves the former
    file, or none.

    Raises:
        UserError: the suffix is unknown, the format does not support 16 bits or so many bands, or the file cannot be
            written.
    """
    path = Path(path)
    if path.suffix.lower() not in WRITTEN:
        raise UserError(f"{path} has no suffix of an image format: use one of {' '.join(WRITTEN)}.")
    if image.dtype == np.uint16 and path.suffix.lower() not in (".png", ".tif", ".tiff"):
        raise UserError(f"{path}: this format does not support 16 bits. Use .png or .tif, or 8 bits.")
    try:
        write_whole_bytes(path, _encoded(path, image), flush=False)  # waiting for the disk would slow down many images
    except OSError as error:
        raise UserError(f"The image {path} cannot be written: {error.strerror}.") from error


def _encoded(path: Path, image: np.ndarray) -> bytes:
    channels, suffix = image.shape[2], path.suffix.lower()
    if channels in (1, 3):
        _, data = cv2.imencode(suffix, image if channels == 1 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        return data.tobytes()
    if suffix not in (".tif", ".tiff"):
        raise UserError(f"{path}: this format does not support {channels} bands. Use .tif.")
    file = BytesIO()
    write_tiff(file, image.shape[:2], [image], alpha=False)
    return file.getvalue()
