"""Opening files with Pillow without its limit of size."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from PIL import Image

_limit = Lock()


@contextmanager
def open_header(file: str | Path | BinaryIO, formats: tuple[str, ...] | None = None) -> Iterator[Image.Image]:
    """Opens a file with Pillow, whose limit of size is meant for programs that decode what they open.

    Args:
        file: path or file.
        formats: Pillow's names of the formats to consider; None for all.
    """
    with _limit:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            opened = Image.open(file, formats=formats)
        finally:
            Image.MAX_IMAGE_PIXELS = limit
    with opened as image:
        yield image
