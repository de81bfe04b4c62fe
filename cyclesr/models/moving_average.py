"""The exponential moving average of a network's weights."""

import copy

import torch
from torch import Tensor, nn


class MovingAverage(nn.Module):
    """A copy of a network whose weights follow it slowly.

    torch's ``AveragedModel`` asks the device for its count of updates each time, and a GPU then waits; this one begins
    at the first weights and needs no count. It also moves with steps that were skipped.

    Args:
        network: what is followed.
        decay: the share that stays, in [0, 1).

    Attributes:
        module: the averaged network, without gradients.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        super().__init__()
        self.module = copy.deepcopy(network).requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, stepped: Tensor) -> None:
        """Moves weights and statistics towards the network's; whole numbers (counts of batches) are copied.

        Args:
            network: of the same architecture.
            stepped: whether the network moved, a boolean scalar; where it did not, neither does the average.
        """
        averaged: list[Tensor] = list(self.module.parameters())
        changes = list(torch._foreach_sub(list(network.parameters()), averaged))
        torch._foreach_mul_(changes, (1 - self.decay) * stepped)
        torch._foreach_add_(averaged, changes)
        for kept, new in zip(self.module.buffers(), network.buffers(), strict=True):
            if kept.is_floating_point():  # those of a skipped step may not be finite
                new = torch.where(stepped, torch.lerp(kept, new, 1 - self.decay), kept)
            kept.copy_(new)
