"""Composition of degradations."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from cyclesr.registry import DEGRADATIONS


@DEGRADATIONS.register_module()
class Chain(nn.Sequential):
    """Several degradations, applied in order.

    Args:
        steps: modules or configs of registered degradations.
    """

    def __init__(self, steps: Sequence[nn.Module | dict[str, Any]]) -> None:
        super().__init__(*(step if isinstance(step, nn.Module) else DEGRADATIONS.build(step) for step in steps))
