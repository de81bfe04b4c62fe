"""Total variation: the mean absolute difference of neighbouring pixels."""

from typing import Any, ClassVar

from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.losses.precision import full
from cyclesr.registry import LOSSES


def total_variation(image: Tensor) -> Tensor:
    """Returns the mean absolute difference of vertical neighbours plus that of horizontal ones in ``(N, 3, H, W)``."""
    return image.diff(dim=-2).abs().mean() + image.diff(dim=-1).abs().mean()


@LOSSES.register_module()
class TVLoss(nn.Module):
    """Weighted anisotropic :func:`total_variation` of ``sr`` (Rudin et al. 1992); ``hr`` is ignored.

    Differs from Rudin et al.: the absolute differences of each direction are added, and means replace sums, so that the
    weight does not depend on the size of the images.
    """

    PAPER: ClassVar[Paper] = Paper("Rudin et al. 1992")
    SUMMARY: ClassVar[str] = "Weighted anisotropic total variation of `sr`; `hr` is ignored"

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, sr: Tensor, hr: Any = None) -> Tensor:
        """Returns the loss of ``sr`` ``(N, 3, H, W)``, a scalar."""
        return self.weight * total_variation(*full(sr))
