"""The internal range of EDSR, RCAN and similar networks: 0 to 255, minus the mean colour of DIV2K."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError, require_rgb

RANGE = 255.0
MEAN = (0.4488, 0.4371, 0.4040)  # mean RGB colour of DIV2K's training images, as in EDSR-PyTorch


class MeanShift(nn.Module):
    """Adds or subtracts the mean colour of DIV2K, for images in 0 to 255.

    Its ``weight`` and ``bias`` are in the state dict, as in EDSR-PyTorch, but they are buffers and are not trained.

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
        """Shifts the colours of images ``(N, 3, H, W)``."""
        return F.conv2d(image, self.weight, self.bias)


def check_mean_shift(mean_shift: bool, image_channels: int) -> None:
    """Checks that images from which the mean colour is subtracted are RGB.

    Raises:
        UserError: they are not.
    """
    if mean_shift:
        require_rgb("Networks with mean_shift=True", image_channels)


def with_means(network: nn.Module, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Adds the constants of :class:`MeanShift` to weights, because BasicSR does not store them.

    Args:
        network: a network with a ``MeanShift`` for each sign.
        weights: weights of such a network, by name.

    Raises:
        UserError: the network has no ``MeanShift``.
    """
    means = {name: value for name, value in network.state_dict().items() if "_mean." in name}
    if not means:
        raise UserError(
            f"Published weights of {type(network).__name__} expect images in 0 to 255 minus a mean colour: build the "
            "network with mean_shift=True."
        )
    return {**means, **weights}
