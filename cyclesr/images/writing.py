"""Writes image files."""

from pathlib import Path

import cv2
import numpy as np

from cyclesr.atomic_write import write_whole_bytes
from cyclesr.errors import UserError

#: Suffixes of the formats that are written.
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")


def write_image(path: str | Path, image: np.ndarray) -> None:
    """Writes ``(H, W, 3)`` RGB in uint8 or uint16. The suffix selects the format; missing folders are created.

    A process that is killed meanwhile leaves the former file, or none.

    Raises:
        UserError: the suffix is unknown, the format does not support 16 bits, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(f"{path} has no suffix of an image format: use one of {' '.join(SUFFIXES)}.")
    if image.dtype == np.uint16 and path.suffix.lower() not in (".png", ".tif", ".tiff"):
        raise UserError(f"{path}: this format does not support 16 bits. Use .png or .tif, or 8 bits.")
    _, data = cv2.imencode(path.suffix.lower(), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    try:
        write_whole_bytes(path, data.tobytes(), flush=False)  # waiting for the disk would slow down many images
    except OSError as error:
        raise UserError(f"The image {path} cannot be written: {error.strerror}.") from error
