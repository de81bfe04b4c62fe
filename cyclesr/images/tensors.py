"""Conversion between arrays of pixels and tensors."""

import numpy as np
import torch
from torch import Tensor


def to_tensor(image: np.ndarray) -> Tensor:
    """Converts ``(H, W, 3)`` uint8 or uint16 to ``(3, H, W)`` float32 in [0, 1]."""
    planes = np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32)
    return torch.from_numpy(planes) / float(np.iinfo(image.dtype).max)


def to_array(image: Tensor, bits: int = 8) -> np.ndarray:
    """Converts ``(3, H, W)`` in [0, 1] to ``(H, W, 3)`` uint8 or uint16 (``bits=16``), with clamping and rounding."""
    white = 2**bits - 1
    pixels = image.detach().permute(1, 2, 0).float().clamp(0, 1).mul(white).add(0.5).floor()
    return pixels.cpu().numpy().astype({8: np.uint8, 16: np.uint16}[bits])
