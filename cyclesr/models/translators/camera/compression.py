"""JPEG compression of each crop, as that of one of the user's images."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from cyclesr.degradations.camera import CompressionMeasurement
from cyclesr.images.jpeg import SUBSAMPLINGS, recompressed, tables_of_quality
from cyclesr.models.translators.camera.tables import Tables, rows_of

_NONE = -1
_LARGEST_BLOCK = 16  # pixels, that of subsampled chrominance


class CameraCompression(Tables):
    """Compresses gray or RGB crops with the quantisation tables and the subsampling of the user's images.

    Attributes:
        tables: ``(images, 2, 64)`` quantisation tables of luminance and chrominance, in rows.
        subsampling: ``(images,)`` index in ``SUBSAMPLINGS``, -1 for an image without compression.
    """

    tables: Tensor
    subsampling: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add("tables", None, 2, 64, dtype=torch.int16)
        self.add("subsampling", None, dtype=torch.long)

    def measure(self, compressions: Sequence[CompressionMeasurement | None]) -> None:
        """Takes the compression of each image; None for an image without any."""
        tables = [_tables(found) if found else np.ones((2, 64)) for found in compressions]
        names = [_NONE if found is None else SUBSAMPLINGS.index(found.subsampling or "4:2:0") for found in compressions]
        self.fill(tables=torch.from_numpy(np.stack(tables)), subsampling=torch.tensor(names))

    def forward(self, image: Tensor, drawn: Tensor) -> Tensor:
        """Compresses ``(N, C, h, w)`` in [0, 1] as the drawn images ``(N,)``; no gradient passes.

        The blocks begin at a random place of each crop, as a crop of a compressed image has them.
        """
        places = torch.randint(_LARGEST_BLOCK, (len(image), 2)).tolist()
        names, tables = rows_of(self.subsampling, drawn).tolist(), rows_of(self.tables, drawn).tolist()
        pixels = (255 * image.detach().clamp(0, 1)).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        made = [
            pixels[i] if name == _NONE else _at(places[i], pixels[i], tables[i], SUBSAMPLINGS[name])
            for i, name in enumerate(names)
        ]
        return torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2).to(image) / 255


def _at(place: Sequence[int], pixels: np.ndarray, tables: Sequence[Sequence[int]], subsampling: str) -> np.ndarray:
    top, left = place
    padded = np.pad(pixels, ((top, 0), (left, 0), (0, 0)), mode="edge")
    return recompressed(padded, tables, subsampling)[top:, left:]


def _tables(compression: CompressionMeasurement) -> np.ndarray:
    """Returns the ``(2, 64)`` tables of the file, or those of the estimated quality; a gray JPEG has only one."""
    tables = compression.tables or tables_of_quality(compression.quality)
    return np.array([tables[0], tables[min(1, len(tables) - 1)]])
