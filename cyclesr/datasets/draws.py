"""Random draws that are pure functions of (seed, index): any sample can be made again without those before it."""

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np


def generator(seed: int, index: int) -> np.random.Generator:
    """The random numbers of one sample."""
    return np.random.default_rng((seed, index))


def shuffled(seed: int, index: int, count: int) -> int:
    """The position that ``index`` visits: each pass of ``count`` visits every position once, in an order of its own."""
    turn, place = divmod(index, count)
    return int(_order(seed, turn, count)[place])


@lru_cache(maxsize=8)
def _order(seed: int, turn: int, count: int) -> np.ndarray:
    # The third word keeps the stream apart from that of `generator`.
    return np.random.default_rng((seed, turn, 1)).permutation(count)


def crop_at(random: np.random.Generator, height: int, width: int, crop: int) -> tuple[int, int]:
    """(top, left) of a square of ``crop`` pixels, uniform over all places where it fits."""
    return int(random.integers(height - crop + 1)), int(random.integers(width - crop + 1))


def turned(image: np.ndarray, orientation: int, out: np.ndarray | None = None) -> np.ndarray:
    """Copies (H, W, 3), uint8 or uint16, in one of its eight flips and quarter turns.

    Args:
        image: the pixels.
        orientation: 0 (unchanged) to 7: ``orientation % 4`` counter-clockwise quarter turns; from 4 on, left and right
            are then swapped.
        out: a contiguous array of the result's shape and type to copy into; by default a new one.
    """
    return _ORIENTATIONS[orientation](image, out)


def _copied(image: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    if out is None:
        return image.copy()
    np.copyto(out, image)
    return out


# numpy's views of turned pixels are the same, but copying one pixel after another takes many times as long.
_ORIENTATIONS: tuple[Callable[[np.ndarray, np.ndarray | None], np.ndarray], ...] = (
    _copied,
    lambda image, out: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE, out),
    lambda image, out: cv2.rotate(image, cv2.ROTATE_180, out),
    lambda image, out: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE, out),
    lambda image, out: cv2.flip(image, 1, out),
    lambda image, out: cv2.rotate(cv2.transpose(image), cv2.ROTATE_180, out),
    lambda image, out: cv2.flip(image, 0, out),
    lambda image, out: cv2.transpose(image, out),
)
