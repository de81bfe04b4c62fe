"""Padding of images to the sizes that a network supports."""

import inspect
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.networks.image_channels import of_channels
from cyclesr.models.networks.image_size import gathered_to_fit
from cyclesr.registry import SR_BACKBONES


@SR_BACKBONES.register_module()
class Padded(nn.Module):
    """A wrapper that lets an SR network with fixed image sizes (windows, for instance) take images of any size.

    Images are mirrored at the bottom and right up to a size that the network supports, and the result is cropped.

    Args:
        scale: scale of the network. It is passed on if the network has an argument ``scale``.
        network: config of the network: its ``type``, a registered name or a dotted path, and its arguments.
        multiple: both sides of the network's input are multiples of this number.
        smallest: both sides of the network's input are at least this long, in pixels.
        image_channels: number of channels of the images, passed on to the network if it is not 3.

    Raises:
        UserError: ``scale``, ``multiple`` or ``smallest`` is below 1, or ``type`` is missing. ``forward`` raises it if
            the network has another scale.
    """

    TINY: ClassVar[dict[str, Any]] = dict(network=dict(type="EDSR", channels=4, num_blocks=1), multiple=4, smallest=8)

    def __init__(
        self, scale: int, network: dict[str, Any], multiple: int = 8, smallest: int = 1, image_channels: int = 3
    ) -> None:
        super().__init__()
        for name, value in dict(scale=scale, multiple=multiple, smallest=smallest).items():
            if not isinstance(value, int) or value < 1:
                raise UserError(f"{name} of Padded must be an integer of at least 1, found {value!r}.")
        self.scale = scale
        self.multiple = multiple
        self.smallest = smallest
        self.network: nn.Module = SR_BACKBONES.build({**of_channels(image_channels), **_of_scale(network, scale)})
        self.image_channels = image_channels

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``."""
        padded = mirror_to_fit(lr, self.multiple, self.smallest)
        sr = self.network(padded)
        # Without this check, cropping would hide a wrong scale.
        if sr.shape[-2:] != (padded.shape[-2] * self.scale, padded.shape[-1] * self.scale):
            name, (height, width) = type(self.network).__name__, padded.shape[-2:]
            sizes = f"{width}x{height} to {sr.shape[-1]}x{sr.shape[-2]}"
            raise UserError(
                f"Padded has scale {self.scale}, but its network {name} upscaled {sizes} pixels: give both one scale."
            )
        return sr[..., : lr.shape[-2] * self.scale, : lr.shape[-1] * self.scale]


def _of_scale(network: dict[str, Any], scale: int) -> dict[str, Any]:
    """Adds the scale to a network's config if the network has an argument ``scale``."""
    if "type" not in network:
        raise UserError(f"network of Padded needs a type, such as dict(type='my_package.MyNet'); found {network}.")
    kind = network["type"]
    target = SR_BACKBONES.get(kind) if isinstance(kind, str) else kind
    takes_scale = "scale" in inspect.signature(target).parameters
    return {**(dict(scale=scale) if takes_scale else {}), **network}


def mirror_to_fit(image: Tensor, multiple: int, smallest: int) -> Tensor:
    """Pads images at the bottom and right until both sides fit.

    The padding mirrors the image. Where it is longer than the image minus one pixel, the rest repeats the edge.

    Args:
        image: ``(N, C, H, W)``.
        multiple: both sides become multiples of this number.
        smallest: both sides become at least this long, in pixels.
    """
    if torch.onnx.is_in_onnx_export():
        return gathered_to_fit(image, multiple, smallest, _mirrored)
    for axis in (-1, -2):
        length = image.shape[axis]
        missing = -(-max(length, smallest) // multiple) * multiple - length
        mirrored = min(missing, length - 1)
        for amount, mode in ((mirrored, "reflect"), (missing - mirrored, "replicate")):
            if amount:
                image = F.pad(image, (0, amount, 0, 0) if axis == -1 else (0, 0, 0, amount), mode=mode)
    return image


def _mirrored(positions: Tensor, last: Tensor) -> Tensor:
    return (last - (positions - last).abs()).clamp(min=0)
