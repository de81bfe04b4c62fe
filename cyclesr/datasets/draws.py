"""Random draws that are pure functions of (seed, index): any sample can be made again without those before it."""

from functools import lru_cache

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


def turned(image: np.ndarray, way: int) -> np.ndarray:
    """One of the eight flips and quarter turns of (H, W, 3); ``way`` counts from 0 (unchanged) to 7."""
    image = np.rot90(image, way % 4)
    return image[:, ::-1] if way >= 4 else image
