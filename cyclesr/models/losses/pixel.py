"""Pixel losses for SR, the first term of Eq. (3)."""

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.registry import LOSSES


def charbonnier(sr: Tensor, hr: Tensor, epsilon: float, pixel_weights: Tensor | None = None) -> Tensor:
    """Returns the mean of sqrt(difference^2 + epsilon^2), an L1 that is smooth at zero (Charbonnier et al. 1994)."""
    error = torch.sqrt((sr - hr).square() + epsilon**2)
    return error.mean() if pixel_weights is None else (pixel_weights * error).mean()


def low_pass_l1(image: Tensor, target: Tensor, side: int, stride: int = 1) -> Tensor:
    """Returns the L1 distance of the means over ``side`` x ``side`` pixels, which are less sensitive to noise.

    The windows are ``stride`` pixels apart. With ``side`` 0, the pixels themselves are compared.
    """
    if not side:
        return F.l1_loss(image, target)
    return F.l1_loss(F.avg_pool2d(image, side, stride), F.avg_pool2d(target, side, stride))


@LOSSES.register_module()
class MSELoss(nn.Module):
    r"""Weighted mean squared error; ``weight`` is :math:`\lambda_{mse}` of Eq. (3), for images in [0, 1]."""

    SUMMARY: ClassVar[str] = "Weighted mean squared error; `weight` is lambda_mse of Eq. (3), for images in [0, 1]"

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, sr: Tensor, hr: Tensor, pixel_weights: Tensor | None = None) -> Tensor:
        """Returns the loss of two tensors ``(N, 3, H, W)``, a scalar; weights of the pixels are ``(N, 1, H, W)``."""
        if pixel_weights is None:
            return self.weight * F.mse_loss(sr, hr)
        return self.weight * (pixel_weights * F.mse_loss(sr, hr, reduction="none")).mean()


@LOSSES.register_module()
class L1Loss(nn.Module):
    """Weighted mean absolute error."""

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, sr: Tensor, hr: Tensor, pixel_weights: Tensor | None = None) -> Tensor:
        """Returns the loss of two tensors ``(N, 3, H, W)``, a scalar; weights of the pixels are ``(N, 1, H, W)``."""
        if pixel_weights is None:
            return self.weight * F.l1_loss(sr, hr)
        return self.weight * (pixel_weights * F.l1_loss(sr, hr, reduction="none")).mean()


@LOSSES.register_module()
class CharbonnierLoss(nn.Module):
    """Weighted :func:`charbonnier` (Charbonnier et al., ICIP 1994); ``epsilon`` is in units of [0, 1]."""

    PAPER: ClassVar[Paper] = Paper("Charbonnier et al., ICIP 1994")
    SUMMARY: ClassVar[str] = "Weighted Charbonnier loss; `epsilon` is in units of [0, 1]"

    def __init__(self, weight: float = 1.0, epsilon: float = 1e-3) -> None:
        super().__init__()
        self.weight = weight
        self.epsilon = epsilon

    def forward(self, sr: Tensor, hr: Tensor, pixel_weights: Tensor | None = None) -> Tensor:
        """Returns the loss of two tensors ``(N, 3, H, W)``, a scalar; weights of the pixels are ``(N, 1, H, W)``."""
        return self.weight * charbonnier(sr, hr, self.epsilon, pixel_weights)
