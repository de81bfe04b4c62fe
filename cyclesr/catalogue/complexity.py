"""How large a network is, and how much it computes, without computing it."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

SIDE = 64  # pixels of the LR image that MACs are counted for


def parameters(network: nn.Module) -> int:
    """Counts the numbers that training changes; shared ones count once."""
    return sum(parameter.numel() for parameter in network.parameters())


def macs(run: Callable[[Tensor], Tensor], side: int = SIDE) -> int:
    """Counts multiply-accumulates of convolutions and matrix products for one square image, as torch does.

    To be called under ``torch.device("meta")``, with networks that were built there: shapes are followed, and nothing
    is computed.
    """
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        run(torch.empty(1, 3, side, side))
    return counter.get_total_flops() // 2


def scaled(count: int | None) -> str:
    """Returns ``1114051`` as ``1.11 M``, and None as a dash."""
    if count is None:
        return "-"
    for unit, size in (("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return str(count)
