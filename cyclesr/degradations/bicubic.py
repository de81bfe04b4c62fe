"""Bicubic downsampling of ``hr`` to ``syn``, Eq. (1)."""

from torch import Tensor, nn

from cyclesr.degradations.imresize import Border, imresize
from cyclesr.errors import UserError
from cyclesr.registry import DEGRADATIONS


@DEGRADATIONS.register_module()
class Bicubic(nn.Module):
    """MATLAB's bicubic ``imresize`` by 1 / scale, clamped to [0, 1] as an image file would be.

    At scale 1 (restoration without enlargement) ``syn`` is ``hr``.

    Args:
        scale: factor of the downsampling, the scale of the SR network.
        border: see :func:`~cyclesr.degradations.imresize.imresize`.

    Raises:
        UserError: a side of the image is not a multiple of ``scale``.
    """

    def __init__(self, scale: int, border: Border = "symmetric") -> None:
        super().__init__()
        self.scale = scale
        self.border: Border = border

    def forward(self, hr: Tensor) -> Tensor:
        """Downsamples ``(N, 3, H, W)`` to ``(N, 3, H / scale, W / scale)``."""
        height, width = hr.shape[-2:]
        if height % self.scale or width % self.scale:
            raise UserError(
                f"An HR image of {height}x{width} cannot be downsampled by {self.scale}: both sides must be "
                f"multiples of {self.scale}. Crop it to {height - height % self.scale}x{width - width % self.scale}."
            )
        if self.scale == 1:
            return hr.clamp(0, 1)
        size = (height // self.scale, width // self.scale)
        return imresize(hr, size=size, border=self.border).clamp(0, 1)

    def extra_repr(self) -> str:
        return f"scale={self.scale}, border={self.border!r}"
