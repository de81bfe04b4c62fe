"""EXIF orientations: reading them and turning images upright."""

import numpy as np
from PIL import Image

EXIF_TAG = 0x0112


def exif_orientation(exif: bytes) -> int:
    """Returns the orientation in an EXIF block, 1 to 8; 1 if there is none or the block is broken."""
    found = Image.Exif()
    try:
        found.load(exif)
        return valid_orientation(found.get(EXIF_TAG))
    except Exception:  # any type: decoders ignore a broken block, too
        return 1


def valid_orientation(value: object) -> int:
    """Returns an orientation from 1 to 8 as it is, and 1 for anything else."""
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def upright(image: np.ndarray, orientation: int) -> np.ndarray:
    """Turns and mirrors an image as its orientation says.

    Args:
        image: ``(H, W, channels)`` as stored.
        orientation: 1 to 8.

    Returns:
        A view of the upright image.
    """
    if orientation >= 5:
        image = image.swapaxes(0, 1)
        orientation = {5: 1, 6: 2, 7: 3, 8: 4}[orientation]
    rows = slice(None, None, -1 if orientation in (3, 4) else 1)
    columns = slice(None, None, -1 if orientation in (2, 3) else 1)
    return image[rows, columns]
