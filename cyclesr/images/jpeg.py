"""JPEG: encoding with a given quality, or with given quantisation tables, and chroma subsampling."""

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, JpegImagePlugin

SUBSAMPLINGS = ("4:4:4", "4:2:2", "4:2:0")


def encode_jpeg(image: np.ndarray, quality: int, subsampling: str = "4:2:0") -> bytes:
    """Encodes ``(H, W, 3)`` RGB uint8.

    Args:
        image: the pixels.
        quality: 1 to 100, of the tables of the Independent JPEG Group.
        subsampling: of chrominance, one of ``SUBSAMPLINGS``.
    """
    return _encoded(image, quality=quality, subsampling=subsampling)


def recompressed(image: np.ndarray, tables: Sequence[Sequence[int]], subsampling: str) -> np.ndarray:
    """Encodes and decodes ``(H, W, 1)`` or ``(H, W, 3)`` uint8.

    Args:
        image: the pixels, gray or RGB.
        tables: quantisation tables of luminance and chrominance, 64 steps from 1 to 255 each, in rows. Gray images
            take the first.
        subsampling: of chrominance, one of ``SUBSAMPLINGS``.
    """
    if image.shape[2] == 1:
        data = _encoded(image[..., 0], qtables=[list(tables[0])])
        return np.asarray(Image.open(BytesIO(data)))[..., None]
    data = _encoded(image, qtables=[list(table) for table in tables], subsampling=subsampling)
    return np.asarray(Image.open(BytesIO(data)))


def compressed(image: np.ndarray, kind: str, quality: int) -> np.ndarray:
    """Encodes and decodes ``(H, W, 1)`` or ``(H, W, 3)`` uint8.

    Args:
        image: the pixels, gray or RGB.
        kind: ``jpeg`` or ``webp``, both with colours of half the resolution.
        quality: 1 to 100, as the encoder means it.
    """
    buffer = BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(buffer, kind, quality=quality)
    with Image.open(buffer) as read:
        return np.asarray(read.convert("L" if image.shape[-1] == 1 else "RGB")).reshape(image.shape)


@cache
def tables_of_quality(quality: int) -> tuple[tuple[int, ...], ...]:
    """Returns the tables of luminance and chrominance of the Independent JPEG Group, 64 steps each, in rows.

    Args:
        quality: 1 to 100.
    """
    with Image.open(BytesIO(encode_jpeg(np.zeros((8, 8, 3), np.uint8), quality))) as image:
        assert isinstance(image, JpegImagePlugin.JpegImageFile)
        return tuple(tuple(map(int, table)) for table in image.quantization.values())


def _encoded(image: np.ndarray, **options: Any) -> bytes:
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", **options)
    return buffer.getvalue()
