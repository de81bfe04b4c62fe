"""Random noise: that of the images, and what no model of a camera explains."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cyclesr.errors import UserError


class CameraNoise(nn.Module):
    """Adds Gaussian noise whose level is drawn anew for each image.

    Its level is that of one of the user's images (``variance = read^2 + shot * brightness``), and on top of it a white
    noise that stands for what the model of the degradation does not explain: texture that denoising smeared, errors of
    the kernel, compression. Without it the SR network amplifies what it cannot know.

    Args:
        levels: ``(read, shot)`` of each image, in units of [0, 1]; empty for none.
        unexplained: (lowest, highest) standard deviation of the white noise on top, in levels of 255; drawn uniformly.

    Raises:
        UserError: negative levels, or a highest one below the lowest.
    """

    levels: Tensor

    def __init__(
        self, levels: Sequence[tuple[float, float]] = (), unexplained: tuple[float, float] = (3.0, 9.0)
    ) -> None:
        super().__init__()
        lowest, highest = unexplained
        if not 0 <= lowest <= highest or any(min(level) < 0 for level in levels):
            raise UserError(
                f"Levels of noise are not negative, and 'unexplained' is (lowest, highest); found {unexplained} and "
                f"{list(levels)[:3]}."
            )
        table = torch.tensor(list(levels) or [(0.0, 0.0)], dtype=torch.float32)
        self.register_buffer("levels", table, persistent=False)
        self.unexplained = (lowest / 255, highest / 255)

    def forward(self, image: Tensor) -> Tensor:
        """Adds noise to ``(N, 3, h, w)`` in [0, 1]; the result may leave that range."""
        count = len(image)
        chosen = torch.randint(len(self.levels), (count,), device=image.device)
        read, shot = self.levels[chosen].to(image.dtype).view(count, 2, 1, 1, 1).unbind(1)
        lowest, highest = self.unexplained
        white = lowest + (highest - lowest) * torch.rand(count, 1, 1, 1, device=image.device, dtype=image.dtype)
        variance = read.square() + shot * image.clamp(0, 1) + white.square()
        return image + variance.sqrt() * torch.randn_like(image)
