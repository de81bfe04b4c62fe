"""LDL, a loss on the pixels where a GAN makes artifacts instead of details."""

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError
from cyclesr.models.losses.precision import full
from cyclesr.registry import LOSSES

WINDOW = 7  # side of the window of local variances, Sec. 4.2
PATCH_POWER = 0.2  # Eq. (3), a = 5


def local_variance(plane: Tensor, side: int = WINDOW) -> Tensor:
    """Returns the unbiased variance of ``(N, 1, H, W)`` in windows of ``side`` x ``side``; borders are mirrored."""
    padded = F.pad(plane, [side // 2] * 4, mode="reflect")
    mean, square = (F.avg_pool2d(x, side, stride=1) for x in (padded, padded.square()))
    count = side**2
    return (square - mean.square()).clamp(min=0) * (count / (count - 1))


@torch.no_grad()
def artifact_map(sr: Tensor, hr: Tensor, averaged: Tensor | None) -> Tensor:
    """Returns how probably each pixel is an artifact, ``(N, 1, H, W)``, not negative (Liang et al. 2022, Eq. 2 to 5).

    The residual varies strongly around artifacts. Where the averaged network, which learns more slowly and makes fewer
    of them, is farther from ``hr``, the training goes in the right direction, and the map is 0.

    Args:
        sr: output of the trained network ``(N, 3, H, W)``.
        hr: its target.
        averaged: output of the averaged network, of the same shape; None keeps the map as it is (Eq. 4).
    """
    residual = (hr - sr).abs().sum(1, keepdim=True)
    patch = residual.var(dim=(1, 2, 3), keepdim=True) ** PATCH_POWER
    found = patch * local_variance(residual)
    if averaged is None:
        return found
    return torch.where(residual < (hr - averaged).abs().sum(1, keepdim=True), 0, found)


@LOSSES.register_module()
class ArtifactLoss(nn.Module):
    """Weighted L1 distance, where each pixel has its :func:`artifact_map` as weight (LDL).

    It is ``model.artifacts`` of a config, which gives it the output of the averaged network. In other places it gets
    none, and its map is not refined by it.

    Args:
        weight: weight of the loss; 1 in the paper.

    Raises:
        UserError: the images are smaller than 4 pixels.

    Source: Liang et al., CVPR 2022. The map is a constant for the gradient.
    """

    PAPER: ClassVar[Paper] = Paper("Liang et al., CVPR 2022", "https://arxiv.org/abs/2203.09195")
    SUMMARY: ClassVar[str] = "LDL: weighted L1 distance of the pixels that are probably artifacts of a GAN"

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, sr: Tensor, hr: Tensor, averaged: Tensor | None = None) -> Tensor:
        """Returns the loss of tensors ``(N, 3, H, W)`` in [0, 1], a scalar."""
        if min(sr.shape[-2:]) <= WINDOW // 2:
            raise UserError(f"ArtifactLoss needs HR crops of at least {WINDOW // 2 + 1} px, found {tuple(sr.shape)}.")
        ours, theirs = full(sr, hr)
        weights = artifact_map(ours, theirs, None if averaged is None else averaged.to(ours))
        return self.weight * (weights * (ours - theirs)).abs().mean()
