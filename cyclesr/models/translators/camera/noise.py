"""Random noise: that of the images, and what no model of a camera explains."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError


class CameraNoise(nn.Module):
    """Adds Gaussian noise: that of the user's images, and what the model of the degradation does not explain.

    What remains of a real LR image when the best kernel is taken off, and what a camera's denoising and sharpening make
    differently from place to place, grows with the local contrast. An SR network that has not seen it amplifies what
    it cannot know.

    Args:
        levels: ``(read, shot)`` of each image, ``variance = read^2 + shot * brightness``, in units of [0, 1]; one of
            them is drawn for each image. Empty for none.
        unexplained: (lowest, highest) standard deviation of white noise, in levels of 255; drawn uniformly for each
            image.
        texture: standard deviation of the noise that grows with contrast, as a share of the standard deviation of the
            image in a window of 5x5 pixels.

    Raises:
        UserError: negative levels, or a highest one below the lowest.
    """

    levels: Tensor

    def __init__(
        self,
        levels: Sequence[tuple[float, float]] = (),
        unexplained: tuple[float, float] = (3.0, 3.0),
        texture: float = 0.3,
    ) -> None:
        super().__init__()
        lowest, highest = unexplained
        if not 0 <= lowest <= highest or texture < 0 or any(min(level) < 0 for level in levels):
            raise UserError(
                f"Levels of noise must not be negative, and 'unexplained' is (lowest, highest); found {unexplained}, "
                f"texture={texture} and {list(levels)[:3]}."
            )
        table = torch.tensor(list(levels) or [(0.0, 0.0)], dtype=torch.float32)
        self.register_buffer("levels", table, persistent=False)
        self.unexplained = (lowest / 255, highest / 255)
        self.texture = texture

    def forward(self, image: Tensor) -> Tensor:
        """Adds noise to ``(N, 3, h, w)`` in [0, 1]; the result may leave that range."""
        count = len(image)
        chosen = torch.randint(len(self.levels), (count,), device=image.device)
        read, shot = self.levels[chosen].to(image.dtype).view(count, 2, 1, 1, 1).unbind(1)
        lowest, highest = self.unexplained
        white = lowest + (highest - lowest) * torch.rand(count, 1, 1, 1, device=image.device, dtype=image.dtype)
        variance = read.square() + shot * image.clamp(0, 1) + white.square()
        if self.texture:
            variance = variance + self.texture**2 * _local_variance(image)
        return image + variance.sqrt() * torch.randn_like(image)


def _local_variance(image: Tensor, side: int = 5) -> Tensor:
    """Returns the variance in a window around each pixel, mean over the colours, ``(N, 1, h, w)``."""
    padded = F.pad(image, [side // 2] * 4, mode="replicate")
    mean, mean_of_squares = (F.avg_pool2d(power, side, stride=1) for power in (padded, padded.square()))
    return (mean_of_squares - mean.square()).clamp(min=0).mean(1, keepdim=True)
