"""CUT's heads, which map places of a feature map to vectors that are compared."""

import torch.nn.functional as F
from torch import Tensor, nn


class PatchHead(nn.Module):
    """Linear, ReLU, linear, to unit length; weights start as N(0, 0.02).

    Args:
        inputs: channels of the feature map.
        width: width of both layers.
    """

    def __init__(self, inputs: int, width: int = 256) -> None:
        super().__init__()
        linear = [nn.Linear(inputs, width), nn.Linear(width, width)]
        for layer in linear:
            nn.init.normal_(layer.weight, 0.0, 0.02)
            nn.init.zeros_(layer.bias)
        self.layers = nn.Sequential(linear[0], nn.ReLU(), linear[1])

    def forward(self, features: Tensor, places: Tensor) -> Tensor:
        """Returns unit vectors ``(N, P, width)`` of a map ``(N, inputs, h, w)`` at places ``(P,)``, numbered by row."""
        return F.normalize(self.layers(features.flatten(2)[:, :, places].transpose(1, 2)), dim=-1)
