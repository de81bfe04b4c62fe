"""The contextual bilateral loss: for pairs that are not aligned to the pixel."""

from collections.abc import Iterator
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.losses.frozen import Frozen
from cyclesr.models.losses.precision import full
from cyclesr.registry import LOSSES, MODELS

BLOCK = 2**24  # distances that are held at once: 64 MiB in float32


def contextual_bilateral(
    source: Tensor, target: Tensor, source_at: Tensor, target_at: Tensor, spatial_weight: float
) -> Tensor:
    """Mean over the source's features of the distance to the nearest of the target's (Zhang et al. 2019, Eq. 2).

    The distance is one minus the cosine, of features centred on the target's mean, plus ``spatial_weight`` times the
    distance of their places. Matches are searched in blocks without a graph; only the matched pairs have a gradient.

    Args:
        source: features ``(N, C, P)``.
        target: features ``(N, C, Q)``.
        source_at: places ``(P, 2)``.
        target_at: places ``(Q, 2)``.
        spatial_weight: w_s of the paper.
    """
    centre = target.mean(dim=2, keepdim=True)
    source, target = F.normalize(source - centre, dim=1), F.normalize(target - centre, dim=1)
    match = _matches(source, target, source_at, target_at, spatial_weight)
    matched = target.gather(2, match[:, None].expand(-1, source.shape[1], -1))
    places = (source_at - target_at[match]).norm(dim=-1)
    return (1 - (source * matched).sum(dim=1) + spatial_weight * places).mean()


@torch.no_grad()
def _matches(source: Tensor, target: Tensor, source_at: Tensor, target_at: Tensor, spatial_weight: float) -> Tensor:
    """The index of the nearest target of each source, ``(N, P)``."""
    rows = max(1, BLOCK // (source.shape[0] * target.shape[2]))
    found = []
    for block, at in zip(source.split(rows, dim=2), source_at.split(rows), strict=True):
        distance = torch.baddbmm(spatial_weight * torch.cdist(at, target_at), block.mT, target, alpha=-1)
        found.append(distance.argmin(dim=2))
    return torch.cat(found, dim=1)


def places(height: int, width: int, stride: int, like: Tensor) -> Tensor:
    """Places ``(P, 2)`` of every ``stride``-th row and column of a map, its longer side as the unit."""
    rows, columns = (torch.arange(0, side, stride, device=like.device) for side in (height, width))
    return torch.cartesian_prod(rows, columns).to(like.dtype) / max(height, width)


@LOSSES.register_module()
class ContextualBilateralLoss(nn.Module):
    """Weighted CoBi (Zhang et al., CVPR 2019), https://arxiv.org/abs/1905.05169: features meet their best match.

    The cosine does not see the brightness of flat areas: add it to a loss that does.

    Args:
        weight: of the loss.
        features: config of a network of ``MODELS`` that makes a map ``(N, C, h, w)`` of an image, or a list, a tuple
            or a dict of maps, whose losses are added; it is frozen. None takes the image itself.
        patch: side of the squares that are the features; 10 is the paper's for RGB at x4, 1 takes single pixels, as
            for deep features.
        stride: of the squares of ``sr``; those of ``hr`` are taken at every pixel.
        spatial_weight: w_s; the paper gives no number. Distances of places are in units of the longer side.

    Raises:
        UserError: a patch that is larger than the map.

    Differs from the paper: ``stride``, which makes the search faster by its square; features are centred on the
    target's mean, as in the contextual loss that it builds on (Mechrez et al. 2018).
    """

    TINY: ClassVar[dict[str, Any]] = dict(patch=3)

    def __init__(
        self,
        weight: float = 1.0,
        features: dict[str, Any] | None = None,
        patch: int = 10,
        stride: int = 4,
        spatial_weight: float = 0.1,
    ) -> None:
        super().__init__()
        self.weight = weight
        self.features = Frozen(MODELS.build(features) if features else nn.Identity())
        self.patch = patch
        self.stride = stride
        self.spatial_weight = spatial_weight

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        """A scalar from two tensors ``(N, 3, H, W)`` in [0, 1]."""
        with torch.autocast(sr.device.type, enabled=False):
            images = full(sr, hr)
            ours, theirs = (_maps(self.features(image)) for image in images)
            losses = [self._of_maps(a, b) for a, b in zip(ours, theirs, strict=True)]
        return self.weight * torch.stack(losses).sum()

    def _of_maps(self, sr: Tensor, hr: Tensor) -> Tensor:
        height, width = (side - self.patch + 1 for side in hr.shape[-2:])
        if min(height, width) < 1:
            raise UserError(
                f"ContextualBilateralLoss has patches of {self.patch} pixels, but its maps have "
                f"{hr.shape[-1]}x{hr.shape[-2]}: give a smaller patch, or larger crops."
            )
        source, target = F.unfold(sr, self.patch, stride=self.stride), F.unfold(hr, self.patch)
        source_at, target_at = (places(height, width, stride, hr) for stride in (self.stride, 1))
        return contextual_bilateral(source, target, source_at, target_at, self.spatial_weight)


def _maps(found: Any) -> Iterator[Tensor]:
    if isinstance(found, Tensor):
        yield found
    else:
        yield from found.values() if isinstance(found, dict) else found
