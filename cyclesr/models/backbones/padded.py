"""Images that are mirrored up to the sizes that a network takes."""

import inspect
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.registry import SR_BACKBONES


@SR_BACKBONES.register_module()
class Padded(nn.Module):
    """Another SR network, of windows for instance, for images of any size.

    Images are mirrored at the bottom and right up to the size that the network takes, and the result is cut.

    Args:
        scale: of the network, which gets it too if it takes one.
        network: the network: its ``type``, a registered name or a dotted path, and its arguments.
        multiple: both sides of what the network sees are multiples of it.
        smallest: and at least as long.

    Raises:
        UserError: a scale, ``multiple`` or ``smallest`` below 1; no ``type``; or, later, a network of another scale.
    """

    TINY: ClassVar[dict[str, Any]] = dict(network=dict(type="EDSR", channels=4, num_blocks=1), multiple=4, smallest=8)

    def __init__(self, scale: int, network: dict[str, Any], multiple: int = 8, smallest: int = 1) -> None:
        super().__init__()
        for name, value in dict(scale=scale, multiple=multiple, smallest=smallest).items():
            if not isinstance(value, int) or value < 1:
                raise UserError(f"{name} of Padded must be a whole number from 1 on, found {value!r}.")
        self.scale = scale
        self.multiple = multiple
        self.smallest = smallest
        self.network: nn.Module = SR_BACKBONES.build(_of_scale(network, scale))

    def forward(self, lr: Tensor) -> Tensor:
        """``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``."""
        padded = mirror_to_fit(lr, self.multiple, self.smallest)
        sr = self.network(padded)
        if sr.shape[-2:] != (padded.shape[-2] * self.scale, padded.shape[-1] * self.scale):  # which cutting would hide
            name, (height, width) = type(self.network).__name__, padded.shape[-2:]
            made = f"{sr.shape[-1]}x{sr.shape[-2]} of {width}x{height}"
            raise UserError(f"Padded has the scale {self.scale}, but its {name} made {made} pixels.")
        return sr[..., : lr.shape[-2] * self.scale, : lr.shape[-1] * self.scale]


def _of_scale(network: dict[str, Any], scale: int) -> dict[str, Any]:
    """The network's config, with the scale if it takes one; one of another package may call it otherwise."""
    if "type" not in network:
        raise UserError(f"network of Padded needs its type, such as dict(type='my_package.MyNet'); found {network}.")
    kind = network["type"]
    target = SR_BACKBONES.get(kind) if isinstance(kind, str) else kind
    takes_scale = "scale" in inspect.signature(target).parameters
    return {**(dict(scale=scale) if takes_scale else {}), **network}


def mirror_to_fit(image: Tensor, multiple: int, smallest: int) -> Tensor:
    """Mirrors the bottom and right of images until both sides fit; what a mirror cannot give repeats the edge.

    Args:
        image: ``(N, C, H, W)``.
        multiple: both sides become multiples of it.
        smallest: both sides become at least this long.
    """
    for axis in (-1, -2):
        length = image.shape[axis]
        missing = -(-max(length, smallest) // multiple) * multiple - length
        mirrored = min(missing, length - 1)
        for amount, mode in ((mirrored, "reflect"), (missing - mirrored, "replicate")):
            if amount:
                image = F.pad(image, (0, amount, 0, 0) if axis == -1 else (0, 0, 0, amount), mode=mode)
    return image
