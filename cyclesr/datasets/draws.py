"""Random draws as pure functions of (seed, index): any sample can be reproduced without the samples before it."""

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np


def generator(seed: int, index: int) -> np.random.Generator:
    """Returns the random number generator of one sample."""
    return np.random.default_rng((seed, index))


def shuffled(seed: int, index: int, count: int) -> int:
    """Returns the position for ``index``: each pass of ``count`` indices visits every position once, in a new order."""
    turn, place = divmod(index, count)
    return int(_order(seed, turn, count)[place])


@lru_cache(maxsize=8)
def _order(seed: int, turn: int, count: int) -> np.ndarray:
    # The third number separates this stream from that of `generator`.
    return np.random.default_rng((seed, turn, 1)).permutation(count)


def crop_at(random: np.random.Generator, height: int, width: int, crop: int) -> tuple[int, int]:
    """Draws (top, left) of a square of ``crop`` pixels, uniformly over all positions."""
    return int(random.integers(height - crop + 1)), int(random.integers(width - crop + 1))


def turned(image: np.ndarray, orientation: int, out: np.ndarray | None = None) -> np.ndarray:
    """Copies an image in one of eight orientations.

    Args:
        image: ``(H, W, channels)`` in uint8 or uint16.
        orientation: 0 (unchanged) to 7: ``orientation % 4`` counter-clockwise quarter turns, followed by a horizontal
            flip if ``orientation`` is 4 or more.
        out: contiguous array of the result's shape and dtype to write to; None makes a new one.
    """
    if image.shape[2] in _OF_OPENCV:
        return _ORIENTATIONS[orientation](image, out)
    return _copied(_turned_view(image, orientation), out)


def _turned_view(image: np.ndarray, orientation: int) -> np.ndarray:
    view = np.rot90(image, orientation % 4)
    return view[:, ::-1] if orientation >= 4 else view


def _copied(image: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    if out is None:
        return image.copy()
    np.copyto(out, image)
    return out


_OF_OPENCV = (3, 4)  # channels: it drops the axis of one, and does not turn more than four

# OpenCV is many times as fast as copying numpy's rotated views, which proceeds pixel by pixel.
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
