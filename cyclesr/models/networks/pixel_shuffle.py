"""Pixel shuffle, which keeps channels_last on GPUs too."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.models.networks.channels_last import agrees, torch_changes_format


class PixelShuffle(nn.PixelShuffle):
    """``nn.PixelShuffle``, computed by :func:`pixel_shuffle`."""

    def forward(self, input: Tensor) -> Tensor:
        """Rearranges ``(N, C * r**2, h, w)`` to ``(N, C, r*h, r*w)``."""
        return pixel_shuffle(input, self.upscale_factor)


def pixel_shuffle(x: Tensor, factor: int) -> Tensor:
    """Returns ``F.pixel_shuffle`` of ``(N, C * factor**2, h, w)``, in the memory format of ``x`` on GPUs too."""
    if torch_changes_format(x) and agrees(_halved, _torch_halved, x.device, x.dtype):
        return ChannelsLastShuffle.apply(x, factor)
    return F.pixel_shuffle(x, factor)


def _halved(x: Tensor) -> Tensor:
    return ChannelsLastShuffle.apply(x, 2)


def _torch_halved(x: Tensor) -> Tensor:
    return F.pixel_shuffle(x, 2)


class ChannelsLastShuffle(torch.autograd.Function):
    """Pixel shuffle of channels_last images, in one copy."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, factor: int) -> Tensor:
        """Rearranges ``(N, C * factor**2, h, w)`` to ``(N, C, factor*h, factor*w)``."""
        ctx.factor = factor
        count, channels, height, width = x.shape
        size = count, channels // factor**2, height * factor, width * factor
        out = torch.empty(size, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)
        _pixels(out, factor).copy_(_subpixels(x, factor))
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """Rearranges the gradient back."""
        return ChannelsLastUnshuffle.apply(gradient, ctx.factor), None


class ChannelsLastUnshuffle(torch.autograd.Function):
    """The inverse of :class:`ChannelsLastShuffle`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, factor: int) -> Tensor:
        """Rearranges ``(N, C, factor*h, factor*w)`` to ``(N, C * factor**2, h, w)``."""
        ctx.factor = factor
        count, channels, height, width = x.shape
        size = count, channels * factor**2, height // factor, width // factor
        out = torch.empty(size, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)
        _subpixels(out, factor).copy_(_pixels(x, factor))
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """Shuffles the gradient."""
        return ChannelsLastShuffle.apply(gradient, ctx.factor), None


def _pixels(x: Tensor, factor: int) -> Tensor:
    """Returns ``(N, C, H, W)`` as ``(N, H / factor, factor, W / factor, factor, C)``, a view."""
    height, width = x.shape[-2:]
    rows = x.permute(0, 2, 3, 1).unflatten(2, (width // factor, factor))
    return rows.unflatten(1, (height // factor, factor))


def _subpixels(x: Tensor, factor: int) -> Tensor:
    """Returns ``(N, C * factor**2, h, w)`` as ``(N, h, factor, w, factor, C)``, a view."""
    return x.permute(0, 2, 3, 1).unflatten(3, (-1, factor, factor)).permute(0, 1, 4, 2, 5, 3)
