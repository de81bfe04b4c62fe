"""Noise of a kind and a level that are drawn for each image."""

import torch
from torch import Tensor, nn

from cyclesr.degradations.random.draws import Range, check_ranges, for_each, happens, uniform
from cyclesr.registry import DEGRADATIONS

WHITE = 255  # photons of Poisson noise at signal 1


@DEGRADATIONS.register_module()
class RandomNoise(nn.Module):
    """Adds white Gaussian noise or noise of photons (Poisson) to each image; clamped to [0, 1].

    Args:
        probability: with which an image gets noise.
        gaussian: probability of Gaussian noise; otherwise it is Poisson noise.
        sigma: range of the standard deviation of Gaussian noise, in levels of 255.
        poisson: range of the factor of Poisson noise, whose standard deviation is sqrt(255 * signal) levels at 1.
        gray: probability of the same noise in all channels.

    Raises:
        UserError: a range that is none.

    Source: Wang et al., ICCVW 2021 (Real-ESRGAN). Differs: white is always 255 photons, not the number of different
    values in the image.
    """

    def __init__(
        self,
        probability: float = 1.0,
        gaussian: float = 0.5,
        sigma: Range = (1.0, 30.0),
        poisson: Range = (0.05, 3.0),
        gray: float = 0.4,
    ) -> None:
        super().__init__()
        check_ranges("RandomNoise", sigma=sigma, poisson=poisson)
        self.probability = probability
        self.gaussian = gaussian
        self.sigma = sigma
        self.poisson = poisson
        self.gray = gray

    def forward(self, image: Tensor) -> Tensor:
        """Adds noise to images ``(N, C, H, W)`` in [0, 1]."""
        return for_each(image, lambda one: (one + self._noise(one)).clamp(0, 1) if happens(self.probability) else one)

    def _noise(self, image: Tensor) -> Tensor:
        like = image.mean(1, keepdim=True) if happens(self.gray) else image
        if happens(self.gaussian):
            return uniform(self.sigma) / 255 * torch.randn_like(like)
        signal = like.clamp(0, 1)
        return uniform(self.poisson) * (torch.poisson(WHITE * signal) / WHITE - signal)
