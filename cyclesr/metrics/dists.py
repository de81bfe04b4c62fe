"""DISTS (Ding et al., TPAMI 2020): structure and texture of two images compared on the maps of VGG16.

The weights alpha and beta are the published ones (``parameters/README.md``); VGG16's ImageNet weights are the user's.
Nothing is downloaded. Images are compared at their own size: the authors' script shrinks them to 256 pixels first,
tables of super-resolution do not. Lower is better, 0 for equal images.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.logging import print_log
from torch import Tensor, nn

from cyclesr import imagenet_weights
from cyclesr.errors import UserError
from cyclesr.imagenet_weights import DEVIATION, MEAN
from cyclesr.metrics.pixels import Image, check_same_size, to_planes

# VGG16's convolutions by their number in torchvision, a stage at a time. What leaves a stage is compared.
STAGES = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
CHANNELS = (3, 64, 128, 256, 512, 512)  # of the image itself and of each stage
STABLE = 1e-6
PARAMETERS = Path(__file__).parent / "parameters" / "dists.npz"


class Dists(nn.Module):
    """The distance as a function of two images.

    Args:
        weights: file with VGG16's state dict in torchvision's names (``features.0.weight`` ...).

    Attributes:
        weights: as given.

    Raises:
        UserError: the file cannot be read, or lacks a layer.
    """

    alpha: Tensor
    beta: Tensor

    def __init__(self, weights: Path) -> None:
        super().__init__()
        self.weights = weights
        names = [f"{layer}.{kind}" for stage in STAGES for layer in stage for kind in ("weight", "bias")]
        for name, tensor in imagenet_weights.read_features(weights, names).items():
            self.register_buffer(name.replace(".", "_"), tensor.float())
        with np.load(PARAMETERS) as file:
            total = file["alpha"].sum() + file["beta"].sum()
            for name in ("alpha", "beta"):
                self.register_buffer(name, torch.from_numpy(file[name] / total))

    @torch.no_grad()
    def forward(self, sr: Image, hr: Image) -> float:
        """DISTS of one pair; images as in :func:`cyclesr.metrics.pixels.to_planes`, rounded to 8 bits."""
        return self.of_planes(to_planes(sr, rounded=True), to_planes(hr, rounded=True))

    @torch.no_grad()
    def of_planes(self, sr: Tensor, hr: Tensor) -> float:
        """DISTS of two (3, H, W) tensors in 0..255.

        Raises:
            UserError: the sizes differ.
        """
        check_same_size(sr, hr)
        first, second = (self._maps(planes.float()[None].to(self.alpha.device) / 255) for planes in (sr, hr))
        weights = zip(self.alpha.split(CHANNELS), self.beta.split(CHANNELS), strict=True)
        likeness = [
            (alpha * texture).sum() + (beta * structure).sum()
            for (alpha, beta), (texture, structure) in zip(weights, map(_likeness, first, second), strict=True)
        ]
        return float(1 - torch.stack(likeness).sum())

    def _maps(self, image: Tensor) -> list[Tensor]:
        """The image itself and what leaves each stage, for (1, 3, H, W) in [0, 1]."""
        mean, deviation = (image.new_tensor(values).view(1, 3, 1, 1) for values in (MEAN, DEVIATION))
        x, maps = (image - mean) / deviation, [image]
        for stage in STAGES:
            x = x if stage is STAGES[0] else _l2_pooling(x)
            for layer in stage:
                x = F.conv2d(x, getattr(self, f"{layer}_weight"), getattr(self, f"{layer}_bias"), padding=1).relu()
            maps.append(x)
        return maps


def _likeness(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Texture (likeness of means) and structure (likeness of variations) of two maps (1, C, h, w): (C,) each."""
    x, y = first[0].flatten(1), second[0].flatten(1)
    mean_x, mean_y = x.mean(1), y.mean(1)
    texture = (2 * mean_x * mean_y + STABLE) / (mean_x.square() + mean_y.square() + STABLE)
    covariance = (x * y).mean(1) - mean_x * mean_y
    variances = x.var(1, correction=0) + y.var(1, correction=0)
    return texture, (2 * covariance + STABLE) / (variances + STABLE)


def _l2_pooling(x: Tensor) -> Tensor:
    """Halves (1, C, h, w) by a 3x3 Hann window over squares, which does not alias as max pooling does."""
    taps = torch.hann_window(5, periodic=False, dtype=x.dtype, device=x.device)[1:-1]
    window = taps[:, None] * taps
    weights = (window / window.sum()).expand(x.shape[1], 1, 3, 3)
    return (F.conv2d(x.square(), weights, stride=2, padding=1, groups=x.shape[1]) + 1e-12).sqrt()


@lru_cache(maxsize=8)
def load_dists(weights: str | None = None) -> Dists | None:
    """Finds VGG16's weights and builds the metric, once for each path.

    Args:
        weights: a file, or a folder that holds one named ``vgg16*.pth``; ``None`` looks into torch hub's cache.

    Returns:
        ``None`` when no path was given and the cache has no weights; that is said once.

    Raises:
        UserError: no weights at the given path, or a file that holds others.
    """
    found = imagenet_weights.find_imagenet_weights("vgg16", weights)
    if found is not None:
        return Dists(found)
    if weights is not None:
        raise UserError(f"DISTS needs the weights of VGG16: there is no vgg16*.pth at {weights}.")
    print_log(
        f"DISTS is left out: no vgg16*.pth in {imagenet_weights.hub_cache()}, and nothing is downloaded. Put "
        "torchvision's weights there, or give their path.",
        logger="current",
    )
    return None
