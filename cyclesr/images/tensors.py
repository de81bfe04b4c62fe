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
    return as_stored(to_samples(image, bits), bits)


def to_samples(image: Tensor, bits: int = 8) -> Tensor:
    """Rounds ``(3, H, W)`` in [0, 1] to ``(H, W, 3)`` of uint8 or, for ``bits=16``, int32, on its device."""
    white = 2**bits - 1
    pixels = image.detach().permute(1, 2, 0).float().clamp(0, 1).mul(white).add(0.5).floor()
    return pixels.to(torch.uint8 if bits == 8 else torch.int32)


def as_stored(samples: Tensor, bits: int = 8) -> np.ndarray:
    """Converts samples of :func:`to_samples` to an array of uint8 or uint16 (``bits=16``)."""
    return samples.cpu().numpy().astype({8: np.uint8, 16: np.uint16}[bits], copy=False)
