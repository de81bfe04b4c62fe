"""The exponential moving average of a network's weights."""

import copy

import torch
from torch import Tensor, nn


class MovingAverage(nn.Module):
    """A copy of a network with an exponential moving average of its weights.

    The average starts at the network's initial weights. A step that the optimizer skipped leaves it unchanged. Unlike
    torch's ``AveragedModel``, it has no counter of updates on the device; reading such a counter would make the CPU
    wait for the GPU.

    Args:
        network: the network to average.
        decay: factor of the previous average in each update, in [0, 1).

    Attributes:
        module: the averaged network, without gradients.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        super().__init__()
        self.module = copy.deepcopy(network).requires_grad_(False)
        self.decay = decay
        self.train(False)

    def train(self, mode: bool = True) -> "MovingAverage":
        """Keeps the averaged network in evaluation mode, whatever the mode of the model is."""
        return super().train(False)

    def forward(self, lr: Tensor) -> Tensor:
        """Returns the output of the averaged network for ``(N, 3, h, w)``."""
        return self.module(lr)

    @torch.no_grad()
    def update(self, network: nn.Module, stepped: Tensor) -> None:
        """Updates the averages of parameters and floating-point buffers, and copies other buffers (batch counters).

        Args:
            network: a network of the same architecture.
            stepped: boolean scalar on the network's device: whether the optimizer changed the network. If False, only
                the other buffers are updated.
        """
        averaged: list[Tensor] = list(self.module.parameters())
        changes = list(torch._foreach_sub(list(network.parameters()), averaged))
        torch._foreach_mul_(changes, (1 - self.decay) * stepped)
        torch._foreach_add_(averaged, changes)
        for kept, new in zip(self.module.buffers(), network.buffers(), strict=True):
            if kept.is_floating_point():  # after a skipped step, the network's may not be finite
                new = torch.where(stepped, torch.lerp(kept, new, 1 - self.decay), kept)
            kept.copy_(new)
