"""The range of EDSR and its kin inside: 0 to 255, less the mean colour of DIV2K."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError

RANGE = 255.0
MEAN = (0.4488, 0.4371, 0.4040)  # RGB, of DIV2K's training images, as in EDSR-PyTorch


class MeanShift(nn.Module):
    """Adds or subtracts the mean colour, in units of 0 to 255.

    Its ``weight`` and ``bias`` are in the state dict, as in EDSR-PyTorch, but nothing trains them.

    Args:
        sign: -1 subtracts, 1 adds.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, sign: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.eye(3).view(3, 3, 1, 1))
        self.register_buffer("bias", sign * RANGE * torch.tensor(MEAN))

    def forward(self, image: Tensor) -> Tensor:
        """Shape ``(N, 3, H, W)`` in and out."""
        return F.conv2d(image, self.weight, self.bias)


def with_means(network: nn.Module, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Completes weights with the constants of :class:`MeanShift`, which BasicSR does not store.

    Args:
        network: with a ``MeanShift`` for each sign.
        weights: of such a network.

    Raises:
        UserError: the network has none.
    """
    means = {name: value for name, value in network.state_dict().items() if "_mean." in name}
    if not means:
        raise UserError(
            f"Published weights of {type(network).__name__} are for images in 0 to 255 less a mean colour: build the "
            "network with mean_shift=True."
        )
    return {**means, **weights}
