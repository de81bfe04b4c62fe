"""JPEG: encoding with a given quality and chroma subsampling."""

from io import BytesIO

import numpy as np
from PIL import Image

SUBSAMPLINGS = ("4:4:4", "4:2:2", "4:2:0")


def encode_jpeg(image: np.ndarray, quality: int, subsampling: str = "4:2:0") -> bytes:
    """Encodes ``(H, W, 3)`` RGB uint8.

    Args:
        image: the pixels.
        quality: 1 to 100, of the tables of the Independent JPEG Group.
        subsampling: of chrominance, one of ``SUBSAMPLINGS``.
    """
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return buffer.getvalue()
