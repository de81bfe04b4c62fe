"""Convolution with reflection padding, and the padding, which keep channels_last on GPUs too."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.models.networks.channels_last import agrees, torch_changes_format


class Conv2d(nn.Conv2d):
    """``nn.Conv2d`` whose ``padding_mode="reflect"`` is computed by :func:`reflect`; all else is the same."""

    def forward(self, input: Tensor) -> Tensor:
        """Convolves ``(N, C, H, W)``."""
        if self.padding_mode != "reflect":
            return super().forward(input)
        padded = reflect(input, self._reversed_padding_repeated_twice)
        return F.conv2d(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def reflect(x: Tensor, margins: Sequence[int]) -> Tensor:
    """Returns ``F.pad(x, margins, mode="reflect")`` in the memory format and the type of ``x``.

    On GPUs, ``F.pad`` copies channels_last images to contiguous ones, and its gradient is not deterministic. On CPUs,
    autocast computes it in float32.

    Args:
        x: ``(N, C, H, W)``.
        margins: pixels at the left, right, top and bottom.
    """
    own = torch_changes_format(x) or (x.is_cuda and torch.are_deterministic_algorithms_enabled())
    if own and len(set(margins)) == 1 and _works(x.device, x.dtype):
        return ReflectionPad.apply(x, margins[0])
    with _in_own_type(x):
        return F.pad(x, list(margins), mode="reflect")


def _in_own_type(x: Tensor) -> AbstractContextManager:
    """Returns a context in which autocast does not cast ``x``; without autocast it does nothing, for exporters."""
    kind = x.device.type
    casts = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)  # the meta device has no autocast
    return torch.autocast(kind, enabled=False) if casts else nullcontext()


def _works(device: torch.device, dtype: torch.dtype) -> bool:
    return agrees(_reflected, _torch_reflected, device, dtype)


def _reflected(x: Tensor) -> Tensor:
    return ReflectionPad.apply(x, 2)


def _torch_reflected(x: Tensor) -> Tensor:
    return F.pad(x, [2] * 4, mode="reflect")


class ReflectionPad(torch.autograd.Function):
    """Pads channels_last images ``(N, C, H, W)`` by reflection, in one copy."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, margin: int) -> Tensor:
        """Pads ``margin`` pixels on every side; both sides of the image must be longer."""
        ctx.margin = margin
        count, channels, height, width = x.shape
        index = _source_pixels(height, width, margin, x.device)
        pixels = x.permute(0, 2, 3, 1).reshape(count, height * width, channels).index_select(1, index)
        return pixels.view(count, height + 2 * margin, width + 2 * margin, channels).permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """Adds the gradients of the margins to those of the pixels that they reflect."""
        return ReflectionFold.apply(gradient, ctx.margin), None


class ReflectionFold(torch.autograd.Function):
    """The adjoint of :class:`ReflectionPad`: adds the margins of ``(N, C, H, W)`` to the pixels that they reflect."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, margin: int) -> Tensor:
        """Returns ``(N, C, H - 2 margin, W - 2 margin)``, a view of a copy that is ``2 margin`` higher."""
        ctx.margin = margin
        folded = x[..., margin : x.shape[-1] - margin].clone(memory_format=torch.channels_last)
        _add_reflected(folded, x, -1, margin)
        inner = folded[..., margin : x.shape[-2] - margin, :]
        _add_reflected(inner, folded, -2, margin)
        return inner

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """Pads the gradient."""
        return ReflectionPad.apply(gradient.contiguous(memory_format=torch.channels_last), ctx.margin), None


def _add_reflected(inner: Tensor, padded: Tensor, dim: int, margin: int) -> None:
    """Adds both margins of ``padded`` along ``dim`` to ``inner``, in place, in reversed order."""
    length = inner.shape[dim]
    for source, target in ((0, 1), (length + margin, length - 1 - margin)):
        strip = padded.narrow(dim, source, margin)
        inner.narrow(dim, target, margin).add_(strip.flip(dim) if margin > 1 else strip)


@lru_cache(maxsize=64)
def _source_pixels(height: int, width: int, margin: int, device: torch.device) -> Tensor:
    """Returns the index in ``H * W`` of the pixel that each pixel of the padded image shows."""
    rows, columns = (_reflected_index(length, margin) for length in (height, width))
    return (rows[:, None] * width + columns).flatten().to(device)


def _reflected_index(length: int, margin: int) -> Tensor:
    index = torch.arange(-margin, length + margin).abs()
    return torch.minimum(index, 2 * (length - 1) - index)
