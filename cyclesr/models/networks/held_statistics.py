"""Passing images through networks whose running statistics must not change."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def held_statistics(*networks: nn.Module) -> Iterator[None]:
    """Keeps the running statistics of batch norms; in training they normalise by those of the batch, as always."""
    norms = [m for network in networks for m in network.modules() if isinstance(m, _BatchNorm)]
    moving = [norm for norm in norms if norm.track_running_stats]
    try:
        for norm in moving:
            norm.track_running_stats = False
        yield
    finally:
        for norm in moving:
            norm.track_running_stats = True
