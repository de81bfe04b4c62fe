"""MemNet (Tai et al., ICCV 2017): each block sees the outputs of all earlier ones."""

from collections import OrderedDict
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.models.backbones.colour import Colour, Planes
from cyclesr.models.backbones.upsampling import bicubic, factors
from cyclesr.models.networks.initialise import initialise, zero
from cyclesr.models.networks.norms import make_norm
from cyclesr.registry import SR_BACKBONES


def _layer(conv: nn.Conv2d, norm: str) -> nn.Sequential:
    """Returns norm, ReLU and convolution in this order."""
    return nn.Sequential(OrderedDict(bn=make_norm(norm, conv.in_channels), relu=nn.ReLU(), conv=conv))


class _Residual(nn.Module):
    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        self.relu_conv1 = _layer(nn.Conv2d(channels, channels, 3, padding=1), norm)
        self.relu_conv2 = _layer(nn.Conv2d(channels, channels, 3, padding=1), norm)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.relu_conv2(self.relu_conv1(x))

    def share(self, other: "_Residual") -> None:
        """Shares the convolutions of another unit. The norms are not shared, since their statistics differ."""
        self.relu_conv1.conv = other.relu_conv1.conv
        self.relu_conv2.conv = other.relu_conv2.conv


class _Memory(nn.Module):
    """Recursions, and a gate that combines their states with the outputs of all earlier memory blocks."""

    def __init__(self, channels: int, num_recursions: int, num_memories: int, norm: str, shared: bool) -> None:
        super().__init__()
        units = [_Residual(channels, norm) for _ in range(num_recursions)]
        for unit in units[1:] if shared else []:
            unit.share(units[0])
        self.recursive_unit = nn.ModuleList(units)
        self.gate_unit = _layer(nn.Conv2d((num_recursions + num_memories) * channels, channels, 1), norm)

    def forward(self, memories: list[Tensor]) -> Tensor:
        states = [memories[-1]]
        for unit in self.recursive_unit:
            states.append(unit(states[-1]))
        return self.gate_unit(torch.cat(states[1:] + memories, dim=1))


@SR_BACKBONES.register_module()
class MemNet(nn.Module):
    """Memory blocks on the bicubic upsampling; the output is the weighted sum of their reconstructions.

    The convolutions have 676,992 weights for luma (M6R6 in the paper). Weights are named as in wutianyiRosun/MemNet,
    whose recursions do not share weights (``shared=False``, ``planes="luma"``).

    Args:
        scale: 1, 2, 3, 4 or 8.
        channels: number of channels of every layer.
        num_blocks: number of memory blocks.
        num_recursions: number of recursions per memory block.
        norm: ``batch`` (the original), ``instance`` or ``none``.
        shared: whether the recursions of a block share their convolutions, as in the paper.
        planes: ``rgb`` or ``luma`` (the paper's), see :class:`~cyclesr.models.backbones.colour.Colour`.

    Differs from the paper: only the weighted sum is supervised, not each reconstruction; the reconstruction starts at
    zero, so that the network starts as bicubic upsampling; one network per scale.
    """

    PAPER: ClassVar[Paper] = Paper("Tai et al., ICCV 2017", "https://arxiv.org/abs/1708.02209")
    TINY: ClassVar[dict[str, Any]] = dict(channels=4, num_blocks=2, num_recursions=2)

    def __init__(
        self,
        scale: int,
        channels: int = 64,
        num_blocks: int = 6,
        num_recursions: int = 6,
        norm: str = "batch",
        shared: bool = True,
        planes: Planes = "rgb",
    ) -> None:
        super().__init__()
        factors(scale)  # raises UserError for other scales
        self.scale = scale
        self.colour = Colour(planes, scale)
        self.feature_extractor = _layer(nn.Conv2d(self.colour.channels, channels, 3, padding=1), norm)
        last = nn.Conv2d(channels, self.colour.channels, 3, padding=1)
        self.reconstructor = _layer(last, norm)
        self.dense_memory = nn.ModuleList(
            _Memory(channels, num_recursions, i, norm, shared) for i in range(1, num_blocks + 1)
        )
        self.weights = nn.Parameter(torch.full((1, num_blocks), 1 / num_blocks))
        initialise(self, "kaiming")
        zero(last)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``, without clamping them."""
        return self.colour(lr, self._upscale)

    def _upscale(self, lr: Tensor) -> Tensor:
        upsampled = bicubic(lr, self.scale)
        memories = [self.feature_extractor(upsampled)]
        residual = torch.zeros_like(upsampled)
        for memory, weight in zip(self.dense_memory, (self.weights[0] / self.weights.sum()).unbind(), strict=True):
            memories.append(memory(memories))
            residual = residual + weight * self.reconstructor(memories[-1])
        return upsampled + residual
