"""Noise of variance 1 with the spectrum and the colours of each image's noise."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cyclesr.degradations.camera import FREQUENCIES, CameraMeasurement, NoiseMeasurement
from cyclesr.models.translators.camera.grain import filter_of, mixing_of, unit_noise
from cyclesr.models.translators.camera.tables import Tables, rows_of


class ColouredGrain(Tables):
    """Draws Gaussian noise with the measured spectrum, and the measured correlation and balance of the bands.

    Args:
        image_channels: number of channels of the images.
    """

    filters: Tensor
    mixing: Tensor

    def __init__(self, image_channels: int = 3) -> None:
        super().__init__()
        self.add("filters", None, 15, 15)
        self.add("mixing", None, image_channels, image_channels)

    def measure(self, camera: CameraMeasurement, paths: Sequence[Path]) -> None:
        """Takes the spectrum and the colours of the noise of each image; white and independent ones if none has any."""
        noises, alone = camera.noise_of_each, np.eye(self.mixing.shape[-1])
        white = [1.0] * len(FREQUENCIES)
        filters = [filter_of(np.sqrt(noise.spectrum if noise else white)) for noise in noises]
        mixing = [mixing_of(_covariance(noise) if noise else alone) for noise in noises]
        self.fill(filters=torch.stack(filters), mixing=torch.stack(mixing))

    def forward(self, like: Tensor, image: Tensor) -> Tensor:
        """Draws ``(N, C, h, w)`` for crops that drew the images ``(N,)``."""
        return unit_noise(like, rows_of(self.filters, image), rows_of(self.mixing, image))


def _covariance(noise: NoiseMeasurement) -> np.ndarray:
    """Returns the ``(C, C)`` covariance of the bands, in units of their mean variance."""
    variance = np.square(noise.std).mean(0)
    deviation = np.sqrt(variance / max(variance.mean(), 1e-20))
    matrix = np.eye(len(deviation))
    rows, columns = np.triu_indices(len(deviation), 1)
    matrix[rows, columns] = matrix[columns, rows] = noise.correlation
    return np.asarray(matrix * np.outer(deviation, deviation))
