"""The precision that losses compute in."""

import torch
from torch import Tensor


def full(*images: Tensor) -> list[Tensor]:
    """The same images in float32 at least: mixed precision rounds more coarsely than some losses can bear."""
    return [image.to(torch.promote_types(image.dtype, torch.float32)) for image in images]
