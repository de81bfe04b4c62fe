"""A pretrained network inside a loss."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

# Layers whose weights autocast casts. It keeps those of networks that are trained until the next step, but no others.
CAST = nn.modules.conv._ConvNd, nn.Linear


class Frozen(nn.Module):
    """A pretrained network that computes features or distances and is not trained.

    It follows ``.to()`` to other devices and dtypes. Its weights are not in ``parameters()``, so optimizers do not see
    them, and not in ``state_dict()``: a checkpoint would otherwise hold weights that are often larger than the SR
    network and that can be loaded from their own file.

    Under autocast it computes the same as the network would, but with a second copy whose convolutions and linear
    layers have their weights in the dtype of autocast. Otherwise, every weight would be cast at every use.

    Args:
        network: any network. A copy is kept, in eval mode and without gradients for its weights. Changes of its weights
            after the first use under autocast have no effect there.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        # The tuple hides the network from nn.Module, which would register it as a submodule.
        self.held = (copy.deepcopy(network).eval().requires_grad_(False),)
        self._cast: dict[torch.dtype, nn.Module] = {}

    def forward(self, *images: Tensor) -> Any:
        """Returns the network's output. Gradients pass through to the images."""
        dtype = _dtype_of_autocast(images[0].device)
        if dtype is None:
            return self.held[0](*images)
        if dtype not in self._cast:
            self._cast[dtype] = with_cast_weights(self.held[0], dtype)
        return self._cast[dtype](*images)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Frozen":
        self.held[0]._apply(fn, recurse)
        self._cast.clear()
        super()._apply(fn, recurse)
        return self


@torch.inference_mode(False)
def with_cast_weights(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Returns a copy of a network, in which float32 weights of convolutions and linear layers have another dtype."""
    network = copy.deepcopy(network)
    for layer in network.modules():
        if isinstance(layer, CAST):
            for weights in layer.parameters(recurse=False):
                if weights.dtype == torch.float32:
                    weights.data = weights.data.to(dtype)
    return network


def _dtype_of_autocast(device: torch.device) -> torch.dtype | None:
    if not torch.amp.is_autocast_available(device.type) or not torch.is_autocast_enabled(device.type):
        return None
    return torch.get_autocast_dtype(device.type)
