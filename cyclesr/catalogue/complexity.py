"""The size of a network and its number of operations, determined without running it."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

SIDE = 64  # pixels; side of the LR image for which MACs are counted


def parameters(network: nn.Module) -> int:
    """Returns the number of parameters of a network. Shared parameters count once."""
    return sum(parameter.numel() for parameter in network.parameters())


def macs(run: Callable[[Tensor], Tensor], side: int = SIDE) -> int:
    """Returns the multiply-accumulates of convolutions and matrix products for one square image, as torch counts them.

    It must be called under ``torch.device("meta")`` with a network that was built there, so that only shapes are
    computed.

    Args:
        run: the network, or another function of an image (1, 3, side, side).
        side: side of the image in pixels.
    """
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        run(torch.empty(1, 3, side, side))
    return counter.get_total_flops() // 2


def scaled(count: int | None) -> str:
    """Formats a number: ``1114051`` as ``1.11 M``, and ``None`` as a dash."""
    if count is None:
        return "-"
    for unit, size in (("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return str(count)
