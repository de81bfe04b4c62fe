"""The precision in which losses are computed."""

import torch
from torch import Tensor


def full(*images: Tensor) -> list[Tensor]:
    """Converts images to at least float32, because half precision is too coarse for some losses."""
    return [image.to(torch.promote_types(image.dtype, torch.float32)) for image in images]
