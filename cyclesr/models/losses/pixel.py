"""Pixel losses of Eq. (3) with their weights."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.registry import LOSSES


def charbonnier(sr: Tensor, hr: Tensor, epsilon: float = 1e-3) -> Tensor:
    """Mean of sqrt(d^2 + epsilon^2): L1 without its corner (LapSRN)."""
    return torch.sqrt((sr - hr).square() + epsilon**2).mean()


class _Weighted(nn.Module):
    """A pixel loss times its weight; ``forward(sr, hr)`` of images in [0, 1] gives a scalar.

    Computed in float32, also where the networks ran in bfloat16.
    """

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def extra_repr(self) -> str:
        return f"weight={self.weight:g}"


@LOSSES.register_module()
class MSELoss(_Weighted):
    """The paper's :math:`L_{mse}`."""

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        """Mean over all values, times the weight."""
        return self.weight * F.mse_loss(sr.to(hr.dtype), hr)


@LOSSES.register_module()
class L1Loss(_Weighted):
    """Mean absolute difference."""

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        """Mean over all values, times the weight."""
        return self.weight * F.l1_loss(sr.to(hr.dtype), hr)


@LOSSES.register_module()
class CharbonnierLoss(_Weighted):
    """See :func:`charbonnier`."""

    def __init__(self, weight: float = 1.0, epsilon: float = 1e-3) -> None:
        super().__init__(weight)
        self.epsilon = epsilon

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        """Mean over all values, times the weight."""
        return self.weight * charbonnier(sr.to(hr.dtype), hr, self.epsilon)
