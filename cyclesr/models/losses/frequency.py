"""The focal frequency loss, which gives larger weights to frequencies with larger errors."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError
from cyclesr.models.losses.precision import full
from cyclesr.registry import LOSSES


def spectral_distance(sr: Tensor, hr: Tensor) -> Tensor:
    """Returns the squared distance of the orthonormal spectra of two images at each frequency, in the images' shape."""
    return torch.fft.fft2(sr - hr, norm="ortho").abs().square()


@torch.no_grad()
def focal_weights(distance: Tensor, alpha: float) -> Tensor:
    """Returns the weight of each frequency: its distance to the power ``alpha``, divided by the maximum of its plane.

    Args:
        distance: squared distances ``(..., H, W)``.
        alpha: exponent; 0 gives all frequencies the same weight.
    """
    weights = distance ** (alpha / 2)
    greatest = weights.amax(dim=(-2, -1), keepdim=True)
    return weights / greatest.clamp(min=torch.finfo(weights.dtype).tiny)


def focal_frequency(sr: Tensor, hr: Tensor, alpha: float) -> Tensor:
    """Returns the mean weighted squared distance of the spectra (Jiang et al. 2021, Eq. 8 and 9).

    The weights are constants: no gradient passes through them.
    """
    distance = spectral_distance(sr, hr)
    return (focal_weights(distance, alpha) * distance).mean()


@LOSSES.register_module()
class FocalFrequencyLoss(nn.Module):
    """Weighted focal frequency loss.

    Args:
        weight: weight of the loss.
        alpha: exponent of the weights: 1 in the paper; with 0 the loss is the MSE.
        patch: side in pixels of the squares whose spectra are compared, starting at the top left. Incomplete squares at
            the right and bottom are ignored. 0 compares the spectra of whole images.

    Raises:
        UserError: ``patch`` is larger than the images.

    Source: Jiang et al., ICCV 2021.
    """

    PAPER: ClassVar[Paper] = Paper("Jiang et al., ICCV 2021", "https://arxiv.org/abs/2012.12821")

    def __init__(self, weight: float = 1.0, alpha: float = 1.0, patch: int = 0) -> None:
        super().__init__()
        self.weight = weight
        self.alpha = alpha
        self.patch = patch

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        """Returns the loss of two tensors ``(N, 3, H, W)`` in [0, 1], a scalar."""
        ours, theirs = (self._cut(image) for image in full(sr, hr))
        return self.weight * focal_frequency(ours, theirs, self.alpha)

    def _cut(self, image: Tensor) -> Tensor:
        if not self.patch:
            return image
        if min(image.shape[-2:]) < self.patch:
            raise UserError(
                f"FocalFrequencyLoss has patches of {self.patch} pixels, but its images have "
                f"{image.shape[-1]}x{image.shape[-2]}: use a smaller patch or larger crops."
            )
        return image.unfold(-2, self.patch, self.patch).unfold(-2, self.patch, self.patch)
