"""A pretrained network inside a loss."""

import copy
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn


class Frozen(nn.Module):
    """Runs a network that judges images and never learns.

    It moves along between devices and types. Its weights are nobody's parameters and in no checkpoint: they came from
    a file that is still there, and would outweigh the SR network.

    Args:
        network: any; a copy of it is kept, in eval mode.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        # In a tuple: an attribute that is a module would be registered.
        self.held = (copy.deepcopy(network).eval().requires_grad_(False),)

    def forward(self, *images: Tensor) -> Any:
        """Whatever the network makes of the images, with their gradients."""
        return self.held[0](*images)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Frozen":
        self.held[0]._apply(fn, recurse)
        super()._apply(fn, recurse)
        return self
