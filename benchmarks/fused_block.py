"""Instance norm, ReLU and reflection padding as one autograd function, which image_operations.py measures.

Networks do not use it: docs/speed.md says why.
"""

from typing import Any

import torch
from torch import Tensor

from cyclesr.models.networks.channels_last import is_channels_last
from cyclesr.models.networks.convolution import ReflectionFold
from cyclesr.models.networks.image_norm import _gradients, _moments

EPS = 1e-5
MARGIN = 1


class NormReluReflect(torch.autograd.Function):
    """Normalises straight into the padded image, which saves the copy of the padding.

    It keeps only its input for the backward pass: the ReLU passes what is above the mean.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Returns ``(N, C, H + 2, W + 2)``."""
        mean, rstd = _moments(x, x.shape[1], EPS)
        count, channels, height, width = x.shape
        size = count, channels, height + 2 * MARGIN, width + 2 * MARGIN
        memory_format = torch.channels_last if is_channels_last(x) else torch.contiguous_format
        out = torch.empty(size, dtype=x.dtype, device=x.device, memory_format=memory_format)
        inner = out[..., MARGIN:-MARGIN, MARGIN:-MARGIN]
        torch.addcmul(-mean * rstd, x, rstd, out=inner)
        inner.relu_()
        for dim in (-1, -2):
            for target, source in ((0, 2), (-1, -3)):
                out.select(dim, target).copy_(out.select(dim, source))
        ctx.save_for_backward(x, mean, rstd)
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """Returns the gradient of ``x``."""
        x, mean, rstd = ctx.saved_tensors
        if is_channels_last(x):
            folded = ReflectionFold.apply(gradient, MARGIN)
        else:
            folded = torch.ops.aten.reflection_pad2d_backward(gradient, x, [MARGIN] * 4)
        return _gradients(folded.masked_fill_(x <= mean, 0), x, mean, rstd, None, x.shape[1])[0]
