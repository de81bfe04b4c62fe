"""Images that a reader compares at full resolution: two versions at a movable border, with zoom."""

from base64 import b64encode
from collections.abc import Mapping
from html import escape
from io import BytesIO

import numpy as np
from PIL import Image
from torch import Tensor

from cyclesr.images.jpeg import encode_jpeg
from cyclesr.images.tensors import to_array

MOST_BYTES = 32_000_000  # of the images of a page; browsers on phones open such files
_QUALITY = 95  # of the JPEGs
_THUMB = 112  # height of the pictures to choose from, twice that in the style sheet


class ImageViewer:
    """Collects images and writes them as one element of a page.

    Args:
        most_bytes: what all images may take. Those that exceed it are left out, and named.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.left_out: list[str] = []
        self._room = most_bytes
        self._figures: list[str] = []

    def __len__(self) -> int:
        return len(self._figures)

    def add(self, name: str, versions: Mapping[str, Tensor], note: str = "") -> None:
        """Adds an image.

        Args:
            name: its name.
            versions: images ``(C, H, W)`` in [0, 1] of one size, by title, at least two. The first is on the left, the
                second on the right, and the reader can choose others.
            note: a remark below it.
        """
        arrays = {title: to_array(in_rgb(image)) for title, image in versions.items()}
        height, width = next(iter(arrays.values())).shape[:2]
        images = "".join(
            f'<img data-version="{escape(title)}" alt="{escape(f"{title}: {name}")}" width="{width}" height="{height}" '
            f'decoding="async" src="{_url(array)}">\n'
            for title, array in arrays.items()
        )
        if len(images) > self._room:
            self.left_out.append(name)
            return
        self._room -= len(images)
        thumb = _url(_thumb(arrays[list(arrays)[1]]), 80)
        caption = ", ".join(filter(None, (name, f"{width}x{height} pixels", note)))
        self._figures.append(
            f'<figure data-name="{escape(name)}" data-thumb="{thumb}">\n<div class="stage">\n{images}</div>\n'
            f"<figcaption>{escape(caption)}</figcaption>\n</figure>"
        )

    def html(self) -> str:
        """Returns the element, and a line about images that were left out."""
        parts = ['<div class="viewer">', *self._figures, "</div>"] if self._figures else []
        if self.left_out:
            parts.append(f'<p class="soft">{escape(self._left_out())}</p>')
        return "\n".join(parts)

    def _left_out(self) -> str:
        return f"Left out, to keep this file small: {', '.join(self.left_out)}."


def in_rgb(image: Tensor) -> Tensor:
    """Returns what is shown of an image ``(C, H, W)``: the first three bands ``(3, H, W)``, or the first in gray."""
    return image[:3] if len(image) >= 3 else image[:1].expand(3, -1, -1)


def inline_png(image: Tensor) -> str:
    """Returns an image ``(C, h, w)`` in [0, 1] without loss, as the address of an ``<img>``."""
    stream = BytesIO()
    Image.fromarray(to_array(in_rgb(image))).save(stream, "PNG", optimize=True)
    return f"data:image/png;base64,{b64encode(stream.getvalue()).decode()}"


def _url(array: np.ndarray, quality: int = _QUALITY) -> str:
    return f"data:image/jpeg;base64,{b64encode(encode_jpeg(array, quality, '4:4:4')).decode()}"


def _thumb(array: np.ndarray) -> np.ndarray:
    picture = Image.fromarray(array)
    picture.thumbnail((3 * _THUMB, _THUMB))
    return np.asarray(picture)
