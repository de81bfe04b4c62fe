"""The contrastive loss of CUT."""

import torch
import torch.nn.functional as F
from torch import Tensor

from cyclesr.models.losses.precision import full


def patch_nce(query: Tensor, key: Tensor, temperature: float) -> Tensor:
    """PatchNCE: how hard it is to tell a place of an image from its other places (Park et al. 2020, Eq. 3).

    Args:
        query: unit vectors ``(N, P, C)`` of the translated images.
        key: those of the same places of the images that they were made from; a constant.
        temperature: of the softmax.

    Returns:
        The mean over images and places of the cross entropy with the place itself as the right answer.
    """
    query, key = full(query, key.detach())
    with torch.autocast(query.device.type, enabled=False):
        logits = query @ key.transpose(1, 2) / temperature
    right = torch.arange(query.shape[1], device=query.device).expand(len(query), -1)
    return F.cross_entropy(logits.flatten(0, 1), right.flatten())
