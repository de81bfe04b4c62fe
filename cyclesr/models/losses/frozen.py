"""A pretrained network inside a loss."""

import copy
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn


class Frozen(nn.Module):
    """A pretrained network that computes features or distances and is not trained.

    It follows ``.to()`` to other devices and dtypes. Its weights are not in ``parameters()``, so optimizers do not see
    them, and not in ``state_dict()``: a checkpoint would otherwise hold weights that are often larger than the SR
    network and that can be loaded from their own file.

    Args:
        network: any network. A copy is kept, in eval mode and without gradients for its weights.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        # The tuple hides the network from nn.Module, which would register it as a submodule.
        self.held = (copy.deepcopy(network).eval().requires_grad_(False),)

    def forward(self, *images: Tensor) -> Any:
        """Returns the network's output. Gradients pass through to the images."""
        return self.held[0](*images)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Frozen":
        self.held[0]._apply(fn, recurse)
        super()._apply(fn, recurse)
        return self
