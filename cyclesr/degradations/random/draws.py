"""Draws of single numbers from torch's generator of the CPU, whose state a checkpoint holds."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from cyclesr.errors import UserError

Range = tuple[float, float]


def uniform(between: Range) -> float:
    """Draws a number between two others."""
    low, high = between
    return low + (high - low) * torch.rand(()).item()


def happens(probability: float) -> bool:
    """Draws whether something of a probability happens."""
    return torch.rand(()).item() < probability


def one_of(weights: Mapping[str, float]) -> str:
    """Draws a name, each with a probability in proportion to its weight."""
    names = list(weights)
    return names[int(torch.multinomial(torch.tensor([float(weights[name]) for name in names]), 1))]


def for_each(image: Tensor, degrade: Callable[[Tensor], Tensor]) -> Tensor:
    """Degrades the images ``(N, C, H, W)`` one by one, each as ``(1, C, H, W)``; all results have one size."""
    return torch.cat([degrade(one[None]) for one in image])


def check_ranges(owner: str, least: float = 0.0, **ranges: Sequence[float]) -> None:
    """Checks ranges ``(lowest, highest)``.

    Raises:
        UserError: one is no range, or its lowest is below ``least``.
    """
    for name, found in ranges.items():
        if len(found) != 2 or not least <= found[0] <= found[1]:
            raise UserError(f"{owner}.{name} is (lowest, highest), at least {least:g}; found {tuple(found)}.")


def check_weights(owner: str, known: Sequence[str], **weights: Mapping[str, float]) -> None:
    """Checks weights by name.

    Raises:
        UserError: an unknown name, a negative weight, or none above 0.
    """
    for name, found in weights.items():
        if not set(found) <= set(known) or min(found.values(), default=0) < 0 or sum(found.values()) <= 0:
            raise UserError(
                f"{owner}.{name} gives weights of at least 0 to some of {', '.join(known)}; found {dict(found)}."
            )
