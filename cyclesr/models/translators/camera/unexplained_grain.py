"""The grain of the noise that stands for what the model of a camera does not explain."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from torch import Tensor, nn

from cyclesr.degradations.camera import FREQUENCIES
from cyclesr.errors import UserError
from cyclesr.models.translators.camera.grain import filter_of, mixing_of, of_unit_energy, unit_noise

TextureSpectrum = Literal["white", "kernel"] | Sequence[float]


class UnexplainedGrain(nn.Module):
    """Draws noise of variance 1.

    Args:
        correlation: of any two bands, from 0 (independent) to 1 (the same in all bands).
        spectrum: ``white``; ``kernel``, that of white noise which the crop's kernel was applied to; or gains at
            :data:`~cyclesr.degradations.camera.FREQUENCIES`.
        image_channels: number of channels of the images.

    Raises:
        UserError: an impossible correlation or spectrum.
    """

    mixing: Tensor
    filter: Tensor

    def __init__(self, correlation: float, spectrum: TextureSpectrum, image_channels: int = 3) -> None:
        super().__init__()
        if not 0 <= correlation <= 1:
            raise UserError(f"texture_correlation is from 0 to 1, found {correlation}.")
        gains = [1.0] * len(FREQUENCIES) if isinstance(spectrum, str) else list(spectrum)
        known = spectrum in ("white", "kernel") if isinstance(spectrum, str) else len(gains) == len(FREQUENCIES)
        if not known or min(gains) < 0 or max(gains) <= 0:
            raise UserError(
                f"texture_spectrum is white, kernel or {len(FREQUENCIES)} gains that are not negative, found "
                f"{spectrum!r}."
            )
        self.correlation = correlation
        self.spectrum = spectrum if isinstance(spectrum, str) else "gains"
        covariance = (1 - correlation) * np.eye(image_channels) + correlation
        self.register_buffer("mixing", mixing_of(covariance), persistent=False)
        self.register_buffer("filter", filter_of(gains), persistent=False)

    @property
    def plain(self) -> bool:
        """Returns whether the noise is white, and independent between bands."""
        return self.spectrum == "white" and not self.correlation

    def forward(self, like: Tensor, kernels: Tensor) -> Tensor:
        """Draws ``(N, C, h, w)`` for images that the kernels ``(N, size, size)`` made."""
        mixing = self.mixing if self.correlation else None
        if self.spectrum == "white":
            return unit_noise(like, None, mixing)
        own = of_unit_energy(kernels) if self.spectrum == "kernel" else self.filter.expand(len(like), -1, -1)
        return unit_noise(like, own, mixing)
