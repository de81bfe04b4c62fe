"""Loss terms on their way into an update: merged without losing one, and given the images that they ask for."""

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from torch import Tensor, nn

from cyclesr.errors import UserError

Losses: TypeAlias = dict[str, Tensor]


def merge_losses(**owners: Losses) -> Losses:
    """Merges dicts of losses, ``{"loss_x": scalar}``, given by the names of their owners.

    Raises:
        UserError: two owners have the same key: one term would silently replace the other.
    """
    merged: Losses = {}
    owner_of: dict[str, str] = {}
    for owner, losses in owners.items():
        for key, loss in losses.items():
            if key in merged:
                raise UserError(
                    f"Both the {_words(owner_of[key])} and the {_words(owner)} have a loss named {key!r}, and only "
                    "one of them would be trained on: rename one."
                )
            merged[key], owner_of[key] = loss, owner
    return merged


def _words(owner: str) -> str:
    return owner.replace("_", " ")


def sr_loss_of(loss: nn.Module, sr: Tensor, hr: Tensor, lr: Tensor | None) -> Tensor:
    """Computes ``loss(sr, hr)``, or ``loss(sr, hr, lr)`` for a loss whose ``forward`` has an argument ``lr``.

    Args:
        loss: a module of ``LOSSES``.
        sr, hr: ``(N, 3, H, W)``.
        lr: ``(N, 3, h, w)``, what ``sr`` was made from; None where there is none.

    Raises:
        UserError: the loss needs LR images in a place that has none.
    """
    wanted = _lr_parameter(type(loss).forward)
    if wanted is None:
        return loss(sr, hr)
    if lr is None and wanted.default is wanted.empty:
        raise UserError(f"{type(loss).__name__} needs LR images, which only the losses of an SR network get.")
    return loss(sr, hr, lr)


@lru_cache
def _lr_parameter(forward: Callable[..., Tensor]) -> inspect.Parameter | None:
    return inspect.signature(forward).parameters.get("lr")
