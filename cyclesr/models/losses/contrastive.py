"""The contrastive loss of CUT."""

import torch
import torch.nn.functional as F
from torch import Tensor

from cyclesr.models.losses.precision import full


def patch_nce(query: Tensor, key: Tensor, temperature: float) -> Tensor:
    """Returns the PatchNCE loss (Park et al. 2020, Eq. 3).

    It is the cross entropy of classifying which of an image's P positions each query comes from, averaged over images
    and positions.

    Args:
        query: unit vectors ``(N, P, C)`` of the translated images.
        key: unit vectors ``(N, P, C)`` at the same positions of the input images; treated as a constant.
        temperature: temperature of the softmax.
    """
    query, key = full(query, key.detach())
    with torch.autocast(query.device.type, enabled=False):
        logits = query @ key.transpose(1, 2) / temperature
    right = torch.arange(query.shape[1], device=query.device).expand(len(query), -1)
    return F.cross_entropy(logits.flatten(0, 1), right.flatten())
