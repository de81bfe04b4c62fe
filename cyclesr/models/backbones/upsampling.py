"""Upsampling stages shared by SR networks."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.networks.initialise import zero
from cyclesr.models.networks.pixel_shuffle import PixelShuffle


def factors(scale: int) -> list[int]:
    """Returns the factors of the upsampling stages for a scale: [2, 2, 2] for 8, none for 1 (restoration).

    Raises:
        UserError: ``scale`` is not 1, 2, 3, 4 or 8.
    """
    stages: dict[int, list[int]] = {1: [], 2: [2], 3: [3], 4: [2, 2], 8: [2, 2, 2]}
    if scale not in stages:
        raise UserError(f"The scale must be 1, 2, 3, 4 or 8, found {scale!r}.")
    return stages[scale]


def shuffle_stages(channels: int, scale: int, activation: Callable[[], nn.Module] | None = None) -> nn.Sequential:
    """Returns one stage of convolution, pixel shuffle and optional activation per factor of the scale.

    The sub-pixel convolution is that of ESPCN (Shi et al., CVPR 2016).
    """
    stages: list[nn.Module] = []
    for factor in factors(scale):
        stages += [nn.Conv2d(channels, channels * factor**2, 3, padding=1), PixelShuffle(factor)]
        if activation is not None:
            stages.append(activation())
    return nn.Sequential(*stages)


def bicubic(image: Tensor, scale: int) -> Tensor:
    """Upsamples ``(N, C, h, w)`` to ``(N, C, scale*h, scale*w)`` with the kernel of MATLAB's imresize (a = -0.5).

    Half precision becomes float32: torch does not resize in bfloat16 on CPUs, and 8 bits of an image would be lost.
    """
    if scale == 1:
        return image
    image = image.to(torch.promote_types(image.dtype, torch.float32))
    if torch.onnx.is_in_onnx_export():
        return _OnnxBicubic.apply(image, scale)
    return _bicubic(image, scale)


def _bicubic(image: Tensor, scale: int) -> Tensor:
    size = (image.shape[-2] * scale, image.shape[-1] * scale)
    return F.interpolate(image, size=size, mode="bicubic", antialias=True)


class _OnnxBicubic(torch.autograd.Function):
    """Writes :func:`bicubic` as one ONNX operator: torch exports no bicubic resizing with ``antialias=True``."""

    @staticmethod
    def forward(_ctx: Any, image: Tensor, scale: int) -> Tensor:
        return _bicubic(image, scale)

    @staticmethod
    def symbolic(g: Any, image: Any, scale: int) -> Any:
        region = g.op("Constant", value_t=torch.tensor([]))
        scales = g.op("Constant", value_t=torch.tensor([1.0, 1.0, scale, scale]))
        return g.op(
            "Resize",
            image,
            region,
            scales,
            mode_s="cubic",
            cubic_coeff_a_f=-0.5,
            exclude_outside_i=1,  # weights outside the image are dropped and the others rescaled, as torch does
            coordinate_transformation_mode_s="half_pixel",
        )


class BicubicSkip(nn.Module):
    """Adds the bicubic upsampling of the input to a network's output.

    Args:
        scale: scale of the upsampling.
        enabled: if False, the output is returned unchanged.
        last: last convolution of the network. If ``enabled``, its weights are set to zero, so that the network starts
            as bicubic upsampling.

    Raises:
        UserError: ``enabled`` is not a bool. A string such as ``none`` would otherwise count as true.
    """

    def __init__(self, scale: int, enabled: bool, last: nn.Conv2d | nn.ConvTranspose2d) -> None:
        super().__init__()
        if not isinstance(enabled, bool):
            raise UserError(f"global_skip must be True or False, found {enabled!r}.")
        self.scale = scale
        self.enabled = enabled
        if self.enabled:
            zero(last)

    def forward(self, output: Tensor, lr: Tensor) -> Tensor:
        """Adds the upsampling of ``lr`` ``(N, 3, h, w)`` to ``output`` ``(N, 3, scale*h, scale*w)``."""
        if not self.enabled:
            return output
        return output + bicubic(lr, self.scale)
