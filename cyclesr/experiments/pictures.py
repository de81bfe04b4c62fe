"""Crops of several images side by side, each under its title."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from cyclesr.images.tensors import to_array

SIDE = 320  # of the crops at most, pixels
BAR = 28  # height of a title, pixels


def side_by_side(panels: Mapping[str, Tensor], columns: int | None = None) -> NDArray[np.uint8]:
    """Returns a picture of the central crops of images of one size.

    Args:
        panels: images (3, H, W) in [0, 1] by title.
        columns: number of panels in a line at most. ``None`` puts all in one line.

    Returns:
        (height, width, 3); places without a panel are white.
    """
    titled = [_under_title(title, _centre(image)) for title, image in panels.items()]
    columns = min(columns or len(titled), len(titled))
    titled += [np.full_like(titled[0], 255)] * (-len(titled) % columns)
    return np.vstack([np.hstack(titled[i : i + columns]) for i in range(0, len(titled), columns)])


def _under_title(title: str, image: Tensor) -> NDArray[np.uint8]:
    import cv2

    crop = np.ascontiguousarray(to_array(image))
    bar = np.full((BAR, crop.shape[1], 3), 255, np.uint8)
    cv2.putText(bar, title, (6, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([bar, crop])


def _centre(image: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    top, left = max(0, (height - SIDE) // 2), max(0, (width - SIDE) // 2)
    return image[:, top : top + SIDE, left : left + SIDE]
