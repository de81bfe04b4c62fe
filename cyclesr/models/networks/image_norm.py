"""Instance norm and layer norm, which keep the memory format and the type of images on GPUs too."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx

from cyclesr.models.networks.channels_last import agrees, is_channels_last, torch_changes_format


class ImageNorm(nn.GroupNorm):
    """GroupNorm, computed by :func:`normalise`.

    With one group per channel it is instance norm; with one group it is layer norm over the channels and pixels of each
    image.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalises ``(N, C, H, W)``."""
        return normalise(x, self.num_groups, self.weight, self.bias, self.eps)


def normalise(
    x: Tensor, groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Returns ``F.group_norm`` of ``x`` ``(N, C, H, W)``, in the memory format of ``x``.

    On GPUs, ``F.group_norm`` copies channels_last images, and autocast computes it in float32. Instance norm (one group
    per channel) and layer norm (one group) of such images are therefore computed here, with statistics in float32 and
    images in the type of ``x``, as ``F.group_norm`` does on CPUs.

    On CPUs, ``F.group_norm`` is many times slower on channels_last images with one group per channel than on copies of
    them (``benchmarks/image_operations.py``), so that they are copied.

    Args:
        x: images or feature maps.
        groups: number of groups of channels.
        weight, bias: scale and shift of each channel ``(C,)``; both or neither.
        eps: is added to the variance.
    """
    if groups in (1, x.shape[1]) and torch_changes_format(x) and _works(x.device, x.dtype):
        return ChannelsLastNorm.apply(x, groups, weight, bias, eps)
    if groups == x.shape[1] and not x.is_cuda and is_channels_last(x):
        out = F.group_norm(x.contiguous(), groups, weight, bias, eps)
        return out.contiguous(memory_format=torch.channels_last)
    return F.group_norm(x, groups, weight, bias, eps)


def _works(device: torch.device, dtype: torch.dtype) -> bool:
    return agrees(_instance_norm, _torch_instance_norm, device, dtype)


def _instance_norm(x: Tensor) -> Tensor:
    return ChannelsLastNorm.apply(x, x.shape[1], None, None, 1e-5)


def _torch_instance_norm(x: Tensor) -> Tensor:
    return F.group_norm(x, x.shape[1])


class ChannelsLastNorm(torch.autograd.Function):
    """Group norm with one group, or one per channel, as sums over pixels and three operations per pixel.

    Like ``F.group_norm``, it keeps only its input for the backward pass, which can be differentiated again, as gradient
    penalties need.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, groups: int, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
        """Normalises ``(N, C, H, W)``; arguments as for :func:`normalise`."""
        with torch.autocast(x.device.type, enabled=False):
            mean, rstd = _moments(x, groups, eps)
            scale, shift = rstd, -mean * rstd
            if weight is not None and bias is not None:
                scale, shift = scale * _channels(weight), shift * _channels(weight) + _channels(bias)
            out = _scaled(x, scale, shift)
        ctx.groups, ctx.eps = groups, eps
        ctx.save_for_backward(x, mean, rstd, weight, bias)
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, None, Tensor | None, Tensor | None, None]:
        """Returns the gradients of ``x``, ``weight`` and ``bias``."""
        x, mean, rstd, weight, _ = ctx.saved_tensors
        with torch.autocast(x.device.type, enabled=False):
            if torch.is_grad_enabled():
                dx, dweight, dbias = _differentiable(ctx, gradient)
            else:
                dx, dweight, dbias = _gradients(gradient, x, mean, rstd, weight, ctx.groups)
        return dx, None, dweight, dbias, None


def _moments(x: Tensor, groups: int, eps: float) -> tuple[Tensor, Tensor]:
    """Returns mean and 1 / standard deviation ``(N, C or 1, 1, 1)``, in float32 at least.

    The squares of half precision are summed in float32: where that cancels, the input itself is too coarse.
    """
    dims = (1, 2, 3) if groups == 1 else (2, 3)
    if x.dtype in (torch.float16, torch.bfloat16):
        mean = x.mean(dims, keepdim=True, dtype=torch.float32)
        squares = torch.linalg.vector_norm(x, 2, dims, keepdim=True, dtype=torch.float32).square()
        variance = (squares * (mean.numel() / x.numel()) - mean.square()).clamp_min(0)
    else:
        variance, mean = torch.var_mean(x, dims, correction=0, keepdim=True)
    return mean, torch.rsqrt(variance + eps)


def _gradients(
    gradient: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, weight: Tensor | None, groups: int
) -> tuple[Tensor, Tensor | None, Tensor | None]:
    normal = _scaled(x, rstd, -mean * rstd)
    total = gradient.sum((2, 3), keepdim=True, dtype=mean.dtype)
    along = (normal * gradient).sum((2, 3), keepdim=True, dtype=mean.dtype)
    dweight = dbias = None
    scale = rstd
    if weight is not None:
        dweight, dbias = along.sum((0, 2, 3)).to(weight), total.sum((0, 2, 3)).to(weight)
        total, along, scale = (value * _channels(weight) for value in (total, along, rstd))
    if groups == 1:
        total, along = total.sum(1, keepdim=True), along.sum(1, keepdim=True)
    share = mean.numel() / x.numel()
    centred = _scaled(normal, -share * along * rstd, -share * total * rstd)
    return _scaled(gradient, scale, centred, like=x), dweight, dbias


def _differentiable(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Returns the gradients through torch's operation, which can be differentiated again."""
    x, _, _, weight, bias = ctx.saved_tensors  # type: ignore[attr-defined]
    out = F.group_norm(x, ctx.groups, weight, bias, ctx.eps)  # type: ignore[attr-defined]
    wanted = [tensor for tensor in (x, weight, bias) if tensor is not None and tensor.requires_grad]
    found = iter(torch.autograd.grad(out, wanted, gradient, create_graph=True))
    dx, dweight, dbias = (
        next(found) if tensor is not None and tensor.requires_grad else None for tensor in (x, weight, bias)
    )
    return dx, dweight, dbias


def _scaled(x: Tensor, scale: Tensor, shift: Tensor, like: Tensor | None = None) -> Tensor:
    """Returns ``x * scale + shift`` in one operation, in the type and memory format of ``like``."""
    return torch.addcmul(shift, x, scale, out=torch.empty_like(x if like is None else like))


def _channels(values: Tensor) -> Tensor:
    return values.view(1, -1, 1, 1)
