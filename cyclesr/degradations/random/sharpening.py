"""Sharpening as phones and editors do it."""

from torch import Tensor, nn

from cyclesr.degradations.blur import Blur
from cyclesr.degradations.random.draws import Range, check_ranges, for_each, happens, uniform
from cyclesr.registry import DEGRADATIONS


@DEGRADATIONS.register_module()
class RandomSharpening(nn.Module):
    """Adds to each image what a Gaussian blur takes from it (unsharp masking); clamped to [0, 1].

    Args:
        probability: with which an image is sharpened.
        amount: range of the factor of what is added.
        sigma: range of the standard deviation of the blur, in pixels.

    Raises:
        UserError: a range that is none.
    """

    def __init__(self, probability: float = 0.5, amount: Range = (0.2, 1.5), sigma: Range = (0.5, 2.0)) -> None:
        super().__init__()
        check_ranges("RandomSharpening", amount=amount)
        check_ranges("RandomSharpening", 0.01, sigma=sigma)
        self.probability = probability
        self.amount = amount
        self.sigma = sigma

    def forward(self, image: Tensor) -> Tensor:
        """Sharpens images ``(N, C, H, W)`` in [0, 1]."""
        return for_each(image, lambda one: self._sharpened(one) if happens(self.probability) else one)

    def _sharpened(self, image: Tensor) -> Tensor:
        detail = image - Blur(sigma=uniform(self.sigma)).to(image.device)(image)
        return (image + uniform(self.amount) * detail).clamp(0, 1)
