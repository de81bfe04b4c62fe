"""Degradations one after the other."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from cyclesr.registry import DEGRADATIONS


@DEGRADATIONS.register_module()
class Chain(nn.Sequential):
    """Degradations one after the other.

    Args:
        steps: modules, or config dicts of registered degradations.
    """

    def __init__(self, steps: Sequence[nn.Module | dict[str, Any]]) -> None:
        super().__init__(*(step if isinstance(step, nn.Module) else DEGRADATIONS.build(step) for step in steps))
