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


def sr_loss_of(
    loss: nn.Module, sr: Tensor, hr: Tensor, lr: Tensor | None, pixel_weights: Tensor | None = None
) -> Tensor:
    """Computes ``loss(sr, hr)``, with ``lr`` and ``pixel_weights`` for a loss whose ``forward`` has such arguments.

    Args:
        loss: a module of ``LOSSES``.
        sr, hr: ``(N, 3, H, W)``.
        lr: ``(N, 3, h, w)``, what ``sr`` was made from; None where there is none.
        pixel_weights: ``(N, 1, H, W)``; None weights all pixels equally.

    Raises:
        UserError: the loss needs LR images in a place that has none.
    """
    weights = {"pixel_weights": pixel_weights} if pixel_weights is not None and takes_pixel_weights(loss) else {}
    wanted = _parameter("lr", type(loss).forward)
    if wanted is None:
        return loss(sr, hr, **weights)
    if lr is None and wanted.default is wanted.empty:
        raise UserError(f"{type(loss).__name__} needs LR images, which only the losses of an SR network get.")
    return loss(sr, hr, lr, **weights)


def takes_pixel_weights(loss: nn.Module) -> bool:
    """Returns whether the ``forward`` of a loss has an argument ``pixel_weights``."""
    return _parameter("pixel_weights", type(loss).forward) is not None


@lru_cache
def _parameter(name: str, forward: Callable[..., Tensor]) -> inspect.Parameter | None:
    return inspect.signature(forward).parameters.get(name)
