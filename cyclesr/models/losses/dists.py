"""DISTS as a loss."""

from typing import ClassVar

from torch import Tensor, nn

from cyclesr.descriptions import Paper
from cyclesr.errors import UserError
from cyclesr.imagenet_weights import find_imagenet_weights, hub_cache
from cyclesr.metrics.dists import Dists
from cyclesr.models.losses.frozen import Frozen
from cyclesr.models.losses.precision import full
from cyclesr.registry import LOSSES


@LOSSES.register_module()
class DISTSLoss(nn.Module):
    """Weighted DISTS: the structure and the texture of two images, compared on feature maps of VGG16.

    It tolerates textures that are resampled, such as grass. A network trained on it scores better by the column
    ``dists`` than its images look, because that is what it was trained on.

    Args:
        weight: weight of the loss.
        weights: file with VGG16's weights under torchvision's names, or a folder with such a file. None looks in torch
            hub's cache. Nothing is downloaded.

    Raises:
        UserError: no weights were found, or they do not fit.

    Source: Ding et al., TPAMI 2020.
    """

    PAPER: ClassVar[Paper] = Paper("Ding et al., TPAMI 2020", "https://arxiv.org/abs/2004.07728")
    SUMMARY: ClassVar[str] = "Weighted DISTS, of structure and texture on feature maps of VGG16"

    def __init__(self, weight: float = 1.0, weights: str | None = None) -> None:
        super().__init__()
        found = find_imagenet_weights("vgg16", weights)
        if found is None:
            raise UserError(
                f"DISTSLoss needs the ImageNet weights of VGG16: found no vgg16-*.pth at {weights or hub_cache()}, and "
                "nothing is downloaded. Put torchvision's vgg16-397923af.pth there, or pass its path as 'weights'."
            )
        self.weight = weight
        self.distance = Frozen(_Distance(Dists(found)))

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        """Returns the loss of two tensors ``(N, 3, H, W)`` in [0, 1], a scalar: the mean over the images."""
        return self.weight * self.distance(*full(sr, hr))


class _Distance(nn.Module):
    """The metric without its rounding, with gradients."""

    def __init__(self, metric: Dists) -> None:
        super().__init__()
        self.metric = metric

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        return self.metric.distances(sr, hr).mean()
