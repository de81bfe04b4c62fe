"""A page that compares enlarged files with bicubic enlargement, made while they are enlarged."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from cyclesr.atomic_write import write_whole_text
from cyclesr.errors import UserError
from cyclesr.images.tensors import to_tensor
from cyclesr.inference.pages.document import Section, document, paragraph
from cyclesr.inference.pages.viewer import ImageViewer
from cyclesr.inference.verdict_page import bicubic_and_sr

MOST_IMAGES = 24
MOST_SIDE = 1600  # of what is shown of an image, SR pixels


class ComparisonPage:
    """Collects the central parts of some of the files while they are enlarged.

    Args:
        title: name of the folder or file that is enlarged.
        count: number of files. At most 24, evenly spread, are shown.
        scale: of the network.
    """

    def __init__(self, title: str, count: int, scale: int) -> None:
        self._title, self._count, self._scale = title, count, scale
        chosen = np.linspace(0, count - 1, min(count, MOST_IMAGES))
        self._chosen = set(chosen.round().astype(int).tolist())
        self._viewer = ImageViewer()

    def watch(self, number: int, name: str, pixels: np.ndarray, bands: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Passes the bands of a result through, and adds the central part of the image to the page.

        Args:
            number: index of the file.
            name: name of the file.
            pixels: the LR image ``(h, w, channels)``, uint8 or uint16.
            bands: the SR image in bands ``(k, scale * w, channels)`` from top to bottom.
        """
        if number not in self._chosen:
            yield from bands
            return
        side = MOST_SIDE // self._scale
        rows, columns = (_middle(length, side) for length in pixels.shape[:2])
        kept, top = [], 0
        for band in bands:
            first, last = (min(max(self._scale * row - top, 0), len(band)) for row in (rows.start, rows.stop))
            kept.append(band[first:last, self._scale * columns.start : self._scale * columns.stop])
            top += len(band)
            yield band
        lr, sr = (to_tensor(_rgb(array)) for array in (pixels[rows, columns], np.concatenate(kept)))
        whole = f"{self._scale * pixels.shape[1]}x{self._scale * pixels.shape[0]}"
        self._viewer.add(name, bicubic_and_sr(lr, sr), "" if lr[0].numel() == pixels[..., 0].size else f"of {whole}")

    def write(self, path: Path) -> None:
        """Writes the page.

        Raises:
            UserError: it cannot be written.
        """
        shown = self._viewer.html() or paragraph("No image was enlarged.")
        count = f"{len(self._viewer)} of {self._count} images, enlarged {self._scale} times."
        try:
            write_whole_text(
                path, document(f"{self._title}: bicubic and SR", [Section("Images", shown)], lead=paragraph(count))
            )
        except OSError as error:
            raise UserError(f"The page {path} cannot be written: {error.strerror}.") from error


def _middle(length: int, most: int) -> slice:
    first = max(length - most, 0) // 2
    return slice(first, min(first + most, length))


def _rgb(array: np.ndarray) -> np.ndarray:
    """Returns the first three channels ``(h, w, 3)`` of an image, or its gray channel repeated; without alpha."""
    return array[..., :3] if array.shape[2] >= 3 else array[..., :1].repeat(3, 2)
