"""Total variation: the price of every change from a pixel to its neighbour."""

from typing import Any

from torch import Tensor, nn

from cyclesr.models.losses.precision import full
from cyclesr.registry import LOSSES


def total_variation(image: Tensor) -> Tensor:
    """Mean absolute difference of vertical neighbours plus that of horizontal ones, of ``(N, 3, H, W)``."""
    return image.diff(dim=-2).abs().mean() + image.diff(dim=-1).abs().mean()


@LOSSES.register_module()
class TVLoss(nn.Module):
    """Weighted anisotropic :func:`total_variation` of ``sr`` (Rudin et al. 1992); ``hr`` is not looked at.

    Differs from Rudin et al.: each direction by itself, and means in place of sums, so that the weight does not depend
    on the size of the images.
    """

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, sr: Tensor, hr: Any = None) -> Tensor:
        """A scalar from ``(N, 3, H, W)``."""
        return self.weight * total_variation(*full(sr))
