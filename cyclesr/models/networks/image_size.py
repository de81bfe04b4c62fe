"""Padding to a size that a network supports."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def pad_to_fit(x: Tensor, multiple: int, smallest: int) -> Tensor:
    """Repeats the last row and column until both sides fit.

    Args:
        x: ``(N, C, H, W)``.
        multiple: both sides become multiples of this number.
        smallest: both sides become at least this long, so that there are enough pixels for reflection padding.
    """
    if torch.onnx.is_in_onnx_export():
        return gathered_to_fit(x, multiple, smallest, torch.minimum)
    height, width = x.shape[-2:]
    bottom, right = (_fitting(n, multiple, smallest) - n for n in (height, width))
    return F.pad(x, (0, right, 0, bottom), mode="replicate") if bottom or right else x


def _fitting(length: int, multiple: int, smallest: int) -> int:
    return -(-max(length, smallest) // multiple) * multiple


def gathered_to_fit(x: Tensor, multiple: int, smallest: int, inside: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Pads at the bottom and right by picking rows and columns, so that a traced graph follows the size of the image.

    ``F.pad`` takes numbers, which a trace would fix at those of the traced image.

    Args:
        x: ``(N, C, H, W)``.
        multiple, smallest: as for :func:`pad_to_fit`.
        inside: returns the row or column to pick for each position of the padded image, given these positions and the
            last one of the image.
    """
    if multiple == smallest == 1:
        return x
    for axis in (-2, -1):
        length: Any = x.shape[axis]  # a tensor while torch traces
        fitting = (length.clamp(min=smallest) + multiple - 1) // multiple * multiple
        x = x.index_select(axis, inside(torch.arange(fitting), length - 1))
    return x
