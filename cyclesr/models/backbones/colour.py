"""Conversion for networks that work on luma instead of RGB."""

from collections.abc import Callable
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from cyclesr.errors import UserError, did_you_mean
from cyclesr.models.backbones.upsampling import bicubic

Planes: TypeAlias = Literal["rgb", "luma"]
PLANES = {"rgb": 3, "luma": 1}

# ITU-R BT.601 in studio range, as in MATLAB's rgb2ycbcr: rows Y, Cb, Cr in 0 to 255; columns R, G, B in [0, 1].
_WEIGHTS = ((65.481, 128.553, 24.966), (-37.797, -74.203, 112.0), (112.0, -93.786, -18.214))
_OFFSET = (16.0, 128.0, 128.0)


class Colour(nn.Module):
    """Applies a network to RGB, or to luma only with bicubic chroma, as the first papers on SR networks did.

    Args:
        planes: ``rgb`` or ``luma``.
        scale: scale of the network.

    Attributes:
        channels: number of input and output channels of the network: 3 or 1.

    Raises:
        UserError: ``planes`` is neither.
    """

    to_ycbcr: Tensor
    to_rgb: Tensor
    offset: Tensor

    def __init__(self, planes: Planes, scale: int) -> None:
        super().__init__()
        if planes not in PLANES:
            near = did_you_mean(str(planes), PLANES)
            raise UserError(f"planes must be one of {', '.join(PLANES)}, found {planes!r}.{near}")
        self.channels = PLANES[planes]
        self.scale = scale
        weights = torch.tensor(_WEIGHTS, dtype=torch.float64) / 255
        self.register_buffer("to_ycbcr", weights.float(), persistent=False)
        self.register_buffer("to_rgb", weights.inverse().float(), persistent=False)
        self.register_buffer("offset", torch.tensor(_OFFSET).view(3, 1, 1) / 255, persistent=False)

    def forward(self, lr: Tensor, upscale: Callable[[Tensor], Tensor]) -> Tensor:
        """Upscales RGB images with a network for ``channels`` planes.

        Args:
            lr: ``(N, 3, h, w)`` in [0, 1].
            upscale: function from ``(N, channels, h, w)`` to ``(N, channels, scale*h, scale*w)``.

        Returns:
            ``(N, 3, scale*h, scale*w)``.
        """
        if self.channels == 3:
            return upscale(lr)
        ycbcr = torch.einsum("pc,nchw->nphw", self.to_ycbcr, lr) + self.offset
        planes = torch.cat((upscale(ycbcr[:, :1]), bicubic(ycbcr[:, 1:], self.scale)), dim=1)
        return torch.einsum("cp,nphw->nchw", self.to_rgb, planes - self.offset)
