"""Images with sharp, isolated edges of known sharpness, by which a camera can be measured."""

from pathlib import Path

import numpy as np
import torch

from cyclesr.degradations.imresize import imresize
from cyclesr.images.tensors import to_array
from cyclesr.images.writing import write_image


def scene(seed: int, side: int = 240) -> np.ndarray:
    """Draws sharp discs and boxes of all sizes, without aliasing (drawn at four times the size and reduced).

    Returns ``(side, side, 3)`` in [0, 1].
    """
    random = np.random.default_rng(seed)
    y, x = np.mgrid[: 4 * side, : 4 * side].astype(np.float32)
    image = np.full((4 * side, 4 * side, 3), 0.5, np.float32)
    for _ in range(60):
        centre, size = random.uniform(0, 4 * side, 2), 4 * side * 0.02 / random.uniform(0.1, 1)
        turn = random.uniform(0, np.pi)
        u = (x - centre[0]) * np.cos(turn) + (y - centre[1]) * np.sin(turn)
        v = (y - centre[1]) * np.cos(turn) - (x - centre[0]) * np.sin(turn)
        inside = np.maximum(np.abs(u), np.abs(v)) < size if random.random() < 0.5 else np.hypot(u, v) < size
        image[inside] = random.uniform(0.15, 0.85, 3)
    return imresize(torch.from_numpy(image.transpose(2, 0, 1)), 0.25).numpy().transpose(1, 2, 0)


def write_scene(path: Path, image: np.ndarray) -> None:
    """Writes ``(H, W, 3)`` in [0, 1] to an 8-bit file."""
    write_image(path, to_array(torch.from_numpy(image.transpose(2, 0, 1))))
