"""The size of the network that a class builds by default."""

import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from cyclesr.catalogue.complexity import SIDE, macs, parameters

SCALE = 4  # for all classes that take a scale
Size = tuple[int | None, int | None]  # parameters and MACs


def size_of_translator(kind: type, arguments: dict[str, Any]) -> Size:
    """Returns the parameters of all generators, and the MACs of ``degrade`` for an LR image of 64x64."""
    translator = _built(kind, arguments)
    if translator is None:
        return None, None
    return parameters(translator.generators), _macs(translator.degrade, SIDE * SCALE if translator.from_hr else SIDE)


def size_of_backbone(kind: type, arguments: dict[str, Any]) -> Size:
    """Returns the parameters of an SR network, and its MACs for an LR image of 64x64."""
    network = _built(kind, arguments)
    return (parameters(network), _macs(network, SIDE)) if network else (None, None)


def _built(kind: type, arguments: dict[str, Any]) -> Any:
    """Builds a network with scale 4, the arguments and the defaults, without memory for its weights.

    Returns:
        The network in eval mode. ``None`` if it needs further arguments, if it takes ``**arguments`` and none are
        given, or if its constructor fails.
    """
    taken = inspect.signature(kind).parameters
    given = ({"scale": SCALE} if "scale" in taken else {}) | arguments
    free = [p for p in taken.values() if p.name not in given and p.default is p.empty]
    if any(p.kind is not p.VAR_KEYWORD or not arguments for p in free):
        return None
    with suppress(Exception), torch.device("meta"):
        return kind(**given).eval()
    with suppress(Exception):  # constructors that compute with numbers do not work on the meta device
        return kind(**given).eval().to("meta")
    return None


def _macs(run: Callable[[Tensor], Tensor], side: int) -> int | None:
    """Returns the MACs, or ``None`` for a network that reads values, which the meta device does not have."""
    with suppress(Exception), torch.device("meta"):
        return macs(run, side)
    return None
