"""The contextual bilateral loss, for pairs that are not aligned to the pixel."""

from collections.abc import Iterator
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError
from cyclesr.models.losses.frozen import Frozen
from cyclesr.models.losses.precision import full
from cyclesr.registry import LOSSES, MODELS

BLOCK = 2**24  # number of distances that are held at once: 64 MiB in float32


def contextual_bilateral(
    source: Tensor, target: Tensor, source_at: Tensor, target_at: Tensor, spatial_weight: float
) -> Tensor:
    """Returns the mean distance of each source feature to its nearest target feature (Zhang et al. 2019, Eq. 2).

    The distance is one minus the cosine similarity of the features, centred on the mean of the target, plus
    ``spatial_weight`` times the distance of their positions. The matches are searched in blocks without gradients. The
    gradient passes through the matched pairs only.

    Args:
        source: features ``(N, C, P)``.
        target: features ``(N, C, Q)``.
        source_at: positions ``(P, 2)`` of the source features.
        target_at: positions ``(Q, 2)`` of the target features.
        spatial_weight: w_s in the paper.
    """
    centre = target.mean(dim=2, keepdim=True)
    source, target = F.normalize(source - centre, dim=1), F.normalize(target - centre, dim=1)
    match = _matches(source, target, source_at, target_at, spatial_weight)
    matched = target.gather(2, match[:, None].expand(-1, source.shape[1], -1))
    places = (source_at - target_at[match]).norm(dim=-1)
    return (1 - (source * matched).sum(dim=1) + spatial_weight * places).mean()


@torch.no_grad()
def _matches(source: Tensor, target: Tensor, source_at: Tensor, target_at: Tensor, spatial_weight: float) -> Tensor:
    """Returns the index of the nearest target feature of each source feature, ``(N, P)``."""
    rows = max(1, BLOCK // (source.shape[0] * target.shape[2]))
    found = []
    for block, at in zip(source.split(rows, dim=2), source_at.split(rows), strict=True):
        distance = torch.baddbmm(spatial_weight * torch.cdist(at, target_at), block.mT, target, alpha=-1)
        found.append(distance.argmin(dim=2))
    return torch.cat(found, dim=1)


def places(height: int, width: int, stride: int, like: Tensor) -> Tensor:
    """Returns the positions ``(P, 2)`` of every ``stride``-th row and column of a map, in units of its longer side."""
    rows, columns = (torch.arange(0, side, stride, device=like.device) for side in (height, width))
    return torch.cartesian_prod(rows, columns).to(like.dtype) / max(height, width)


@LOSSES.register_module()
class ContextualBilateralLoss(nn.Module):
    """Weighted CoBi: distance of best-matching features.

    The cosine similarity does not depend on the brightness of flat areas, so combine this loss with one that does.

    Args:
        weight: weight of the loss.
        features: config of a network of ``MODELS``, which is frozen. It computes from an image a map ``(N, C, h, w)``,
            or a list, tuple or dict of maps, whose losses are added. None uses the image itself.
        patch: side of the squares that form the features, in pixels of the map: 10 in the paper for RGB at x4; 1
            (single pixels) for deep features.
        stride: stride of the squares of ``sr``; the stride of those of ``hr`` is 1.
        spatial_weight: w_s in the paper, which gives no value. Distances of positions are in units of the longer side.

    Raises:
        UserError: ``patch`` is larger than the map.

    Source: Zhang et al., CVPR 2019.

    Differs from the paper: ``stride`` speeds up the search by its square; features are centred on the mean of the
    target, as in the contextual loss that CoBi extends (Mechrez et al. 2018).
    """

    PAPER: ClassVar[Paper] = Paper("Zhang et al., CVPR 2019", "https://arxiv.org/abs/1905.05169")
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
        """Returns the loss of two tensors ``(N, 3, H, W)`` in [0, 1], a scalar."""
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
                f"{hr.shape[-1]}x{hr.shape[-2]}: use a smaller patch or larger crops."
            )
        source, target = F.unfold(sr, self.patch, stride=self.stride), F.unfold(hr, self.patch)
        source_at, target_at = (places(height, width, stride, hr) for stride in (self.stride, 1))
        return contextual_bilateral(source, target, source_at, target_at, self.spatial_weight)


def _maps(found: Any) -> Iterator[Tensor]:
    if isinstance(found, Tensor):
        yield found
    else:
        yield from found.values() if isinstance(found, dict) else found
