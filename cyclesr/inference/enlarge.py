"""Super-resolution of a picture of any kind (colour, gray, with alpha; 8 or 16 bits), from top to bottom."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from cyclesr.degradations.imresize import imresize
from cyclesr.images.picture import Picture
from cyclesr.images.tensors import as_stored, to_array, to_samples
from cyclesr.inference.tiles import Span
from cyclesr.inference.upscale import Upscaler

_ALPHA_MARGIN = 4  # LR pixels above and below a row of tiles; bicubic enlargement reads 2 of them


def enlarge(picture: Picture, upscaler: Upscaler) -> Iterator[np.ndarray]:
    """Yields the super-resolved picture in bands ``(k, scale * W, channels)`` from top to bottom.

    The bands have the kind and the bit depth of the input: one channel for gray, three for colour, and one more if
    there is alpha. Alpha is enlarged bicubically. A network for other than RGB images makes as many bands as it takes.
    """

    def samples(tile: Tensor) -> Tensor:
        gray = picture.gray and upscaler.channels == 3
        return to_samples(tile.mean(0, keepdim=True) if gray else tile, picture.bits)

    for row, tiles in upscaler.rows(picture.pixels, samples):
        band = as_stored(torch.cat(tiles, 1), picture.bits)
        if picture.alpha is not None:
            alpha = _enlarged_alpha(picture.alpha, picture.bits, row, upscaler.scale)
            band = np.concatenate([band, alpha], axis=2)
        yield band


def _enlarged_alpha(alpha: np.ndarray, bits: int, row: Span, scale: int) -> np.ndarray:
    first = max(row.start - _ALPHA_MARGIN, 0)
    part = alpha[first : row.stop + _ALPHA_MARGIN].astype(np.float32) / (2**bits - 1)
    size = (scale * part.shape[0], scale * part.shape[1])
    enlarged = imresize(torch.from_numpy(part)[None], size=size).clamp(0, 1)
    kept = enlarged[:, (row.start - first) * scale : (row.stop - first) * scale]
    return to_array(kept.expand(3, -1, -1), bits)[..., :1]
