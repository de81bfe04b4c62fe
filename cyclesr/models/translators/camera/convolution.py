"""Convolution of each image of a batch with a kernel of its own."""

import torch.nn.functional as F
from torch import Tensor


def convolved(image: Tensor, kernels: Tensor) -> Tensor:
    """Convolves ``(N, C, h, w)`` with one kernel ``(N, size, size)`` for each image; borders are mirrored."""
    margin = kernels.shape[-1] // 2
    padded = F.pad(image, [margin] * 4, mode="reflect" if min(image.shape[-2:]) > margin else "replicate")
    return convolved_inside(padded, kernels)


def convolved_inside(image: Tensor, kernels: Tensor) -> Tensor:
    """Convolves ``(N, C, h, w)`` where the kernels ``(N, size, size)`` do not reach beyond the border.

    Returns:
        ``(N, C, h - size + 1, w - size + 1)``.
    """
    grouped = F.conv2d(image.transpose(0, 1), kernels.flip(1, 2)[:, None], groups=len(image))
    return grouped.transpose(0, 1)
