"""Padding to a size that a network supports."""

import torch.nn.functional as F
from torch import Tensor


def pad_to_fit(x: Tensor, multiple: int, smallest: int) -> Tensor:
    """Repeats the last row and column until both sides fit.

    Args:
        x: ``(N, C, H, W)``.
        multiple: both sides become multiples of this number.
        smallest: both sides become at least this long, so that there are enough pixels for reflection padding.
    """
    height, width = x.shape[-2:]
    bottom, right = (_fitting(n, multiple, smallest) - n for n in (height, width))
    return F.pad(x, (0, right, 0, bottom), mode="replicate") if bottom or right else x


def _fitting(length: int, multiple: int, smallest: int) -> int:
    return -(-max(length, smallest) // multiple) * multiple
