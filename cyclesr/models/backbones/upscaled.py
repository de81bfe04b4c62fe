"""Bicubic upscaling, then a network at HR size: how an image-to-image network super-resolves."""

from typing import Any, ClassVar

from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.backbones.upsampling import bicubic
from cyclesr.registry import MODELS, SR_BACKBONES


@SR_BACKBONES.register_module()
class Upscaled(nn.Module):
    """Bicubic upscaling, clamped to [0, 1] as an image file would be, then an image-to-image network.

    Args:
        scale: from 1 on.
        network: arguments of :class:`~cyclesr.models.networks.ResNetGenerator`, or of the ``type`` it names, which
            gives an image of the size of its input.
    """

    TINY: ClassVar[dict[str, Any]] = dict(network=dict(channels=4, num_blocks=1, num_down=1))

    def __init__(self, scale: int, network: dict[str, Any] | None = None) -> None:
        super().__init__()
        if not isinstance(scale, int) or scale < 1:
            raise UserError(f"The scale must be a whole number from 1 on, found {scale!r}.")
        self.scale = scale
        self.network = MODELS.build({"type": "ResNetGenerator", **(network or {})})

    def enlarge(self, lr: Tensor) -> Tensor:
        """The bicubic image that the network sees: ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``."""
        return bicubic(lr, self.scale).clamp(0, 1)

    def forward(self, lr: Tensor) -> Tensor:
        """``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``."""
        return self.network(self.enlarge(lr))
