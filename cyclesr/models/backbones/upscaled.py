"""Super-resolution with an image-to-image network: bicubic upscaling, then the network at HR size."""

from typing import Any, ClassVar

from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.backbones.upsampling import bicubic
from cyclesr.models.networks.image_channels import of_channels
from cyclesr.registry import MODELS, SR_BACKBONES


@SR_BACKBONES.register_module()
class Upscaled(nn.Module):
    """Bicubic upscaling, clamped to [0, 1] as an image file would be, then an image-to-image network.

    Args:
        scale: an integer of at least 1.
        network: arguments of :class:`~cyclesr.models.networks.ResNetGenerator`, or of another network if they have a
            ``type``. The output of the network must have the size of its input.
        image_channels: number of channels of the images, passed on to the network if it is not 3.

    Raises:
        UserError: another ``scale``.
    """

    TINY: ClassVar[dict[str, Any]] = dict(network=dict(channels=4, num_blocks=1, num_down=1))

    def __init__(self, scale: int, network: dict[str, Any] | None = None, image_channels: int = 3) -> None:
        super().__init__()
        self.image_channels = image_channels
        if not isinstance(scale, int) or scale < 1:
            raise UserError(f"The scale of Upscaled must be an integer of at least 1, found {scale!r}.")
        self.scale = scale
        self.network = MODELS.build({"type": "ResNetGenerator", **of_channels(image_channels), **(network or {})})

    def enlarge(self, lr: Tensor) -> Tensor:
        """Upsamples images with bicubic interpolation from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``.

        The result is clamped to [0, 1]. It is the input of the network.
        """
        return bicubic(lr, self.scale).clamp(0, 1)

    def forward(self, lr: Tensor) -> Tensor:
        """Upscales images in [0, 1] from ``(N, 3, h, w)`` to ``(N, 3, scale*h, scale*w)``."""
        return self.network(self.enlarge(lr))
