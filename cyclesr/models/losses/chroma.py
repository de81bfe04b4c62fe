"""A loss on colours only."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from cyclesr.errors import require_rgb
from cyclesr.models.losses.pixel import low_pass_l1
from cyclesr.models.losses.precision import full
from cyclesr.registry import LOSSES

# Cb and Cr of ITU-R BT.601 in full range, from R, G and B: B - Y and R - Y, scaled to [-0.5, 0.5].
_CHROMA = ((-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


def chroma(image: Tensor) -> Tensor:
    """Returns Cb and Cr of images ``(N, 3, H, W)`` in [0, 1]: ``(N, 2, H, W)`` in [-0.5, 0.5], 0 for gray."""
    return torch.einsum("dc,nchw->ndhw", image.new_tensor(_CHROMA), image)


@LOSSES.register_module()
class ChromaLoss(nn.Module):
    """Weighted L1 distance of Cb and Cr, which leaves brightness to other losses.

    Perceptual and adversarial losses tolerate colour casts, which pairs and the eye do not.

    Args:
        weight: weight of the loss.
        low_pass: colours are compared by their means over squares of this side, HR pixels, so that only casts of areas
            count; 0 compares pixels.
    """

    SUMMARY: ClassVar[str] = "Weighted L1 distance of Cb and Cr, of pixels or of means over squares"

    def __init__(self, weight: float = 1.0, low_pass: int = 0) -> None:
        super().__init__()
        self.weight = weight
        self.low_pass = low_pass

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        """Returns the loss of two tensors ``(N, 3, H, W)`` in [0, 1], a scalar.

        Raises:
            UserError: the images are not RGB.
        """
        require_rgb("ChromaLoss and colour spaces", sr.shape[1])
        ours, theirs = map(chroma, full(sr, hr))
        return self.weight * low_pass_l1(ours, theirs, self.low_pass)
