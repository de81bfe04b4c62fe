"""DISTS (Ding et al., TPAMI 2020): compares structure and texture of two images on feature maps of VGG16.

The weights alpha and beta are the published ones (``parameters/README.md``). VGG16's ImageNet weights must be provided
by the user; nothing is downloaded. Images are compared at full size, as in tables of super-resolution results; the
script of the authors first resizes them to 256 pixels. Lower is better, and 0 means equal images.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.logging import print_log
from torch import Tensor, nn

from cyclesr import imagenet_weights
from cyclesr.errors import UserError, require_rgb
from cyclesr.imagenet_weights import DEVIATION, MEAN
from cyclesr.metrics.pixels import Image, check_same_size, to_planes

# VGG16's convolutions by their index in torchvision, grouped by stage. The outputs of the stages are compared.
STAGES = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
CHANNELS = (3, 64, 128, 256, 512, 512)  # number of channels of the image and of each stage
STABLE = 1e-6
PARAMETERS = Path(__file__).parent / "parameters" / "dists.npz"


class Dists(nn.Module):
    """DISTS as a function of two images.

    Args:
        weights: file with VGG16's state dict under torchvision's names (``features.0.weight`` ...).

    Attributes:
        weights: the argument.

    Raises:
        UserError: the file cannot be read, or a layer is missing.
    """

    alpha: Tensor
    beta: Tensor

    def __init__(self, weights: Path) -> None:
        super().__init__()
        self.weights = weights
        names = [f"{layer}.{kind}" for stage in STAGES for layer in stage for kind in ("weight", "bias")]
        tensors = imagenet_weights.read_features(weights, names)
        self.stages = nn.ModuleList(
            nn.Sequential(*(_layer(tensors[f"{layer}.weight"], tensors[f"{layer}.bias"]) for layer in stage))
            for stage in STAGES
        )
        with np.load(PARAMETERS) as file:
            total = file["alpha"].sum() + file["beta"].sum()
            for name in ("alpha", "beta"):
                self.register_buffer(name, torch.from_numpy(file[name] / total))

    @torch.no_grad()
    def forward(self, sr: Image, hr: Image) -> float:
        """Computes DISTS of two images, see :func:`cyclesr.metrics.pixels.to_planes`, after rounding to 8 bits."""
        return self.of_planes(to_planes(sr, rounded=True), to_planes(hr, rounded=True))

    @torch.no_grad()
    def of_planes(self, sr: Tensor, hr: Tensor) -> float:
        """Computes DISTS of two tensors ``(3, H, W)`` in 0..255.

        Raises:
            UserError: the sizes differ.
        """
        check_same_size(sr, hr)
        return float(self.distances(*(planes.float()[None].to(self.alpha.device) / 255 for planes in (sr, hr))))

    def distances(self, sr: Tensor, hr: Tensor) -> Tensor:
        """Computes DISTS ``(N,)`` of images ``(N, 3, H, W)`` in [0, 1], as they are. Gradients pass."""
        weights = zip(self.alpha.split(CHANNELS), self.beta.split(CHANNELS), strict=True)
        likeness = [
            (alpha * texture).sum(-1) + (beta * structure).sum(-1)
            for (alpha, beta), (texture, structure) in zip(
                weights, map(_likeness, self._maps(sr), self._maps(hr)), strict=True
            )
        ]
        return 1 - torch.stack(likeness).sum(0)

    def _maps(self, image: Tensor) -> list[Tensor]:
        """Returns the images ``(N, 3, H, W)`` in [0, 1] and the output of each stage.

        Raises:
            UserError: the images are not RGB.
        """
        require_rgb("Losses and scores with ImageNet features", image.shape[1])
        mean, deviation = (image.new_tensor(values).view(1, 3, 1, 1) for values in (MEAN, DEVIATION))
        x, maps = (image - mean) / deviation, [image]
        for number, stage in enumerate(self.stages):
            x = stage(_l2_pooling(x) if number else x)
            maps.append(x)
        return maps


def _layer(weight: Tensor, bias: Tensor) -> nn.Sequential:
    """Builds a convolution of 3x3 pixels and its activation, without drawing random weights first."""
    convolution = nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1, device="meta").requires_grad_(False)
    convolution.load_state_dict(dict(weight=weight.float(), bias=bias.float()), assign=True)
    return nn.Sequential(convolution, nn.ReLU())


def _likeness(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Computes the similarities of texture (means) and structure (covariance) of maps (N, C, h, w), (N, C) each."""
    x, y = first.flatten(2), second.flatten(2)
    mean_x, mean_y = x.mean(2), y.mean(2)
    texture = (2 * mean_x * mean_y + STABLE) / (mean_x.square() + mean_y.square() + STABLE)
    covariance = (x * y).mean(2) - mean_x * mean_y
    variances = x.var(2, correction=0) + y.var(2, correction=0)
    return texture, (2 * covariance + STABLE) / (variances + STABLE)


def _l2_pooling(x: Tensor) -> Tensor:
    """Halves the size of (N, C, h, w) by a 3x3 Hann window over squares, which aliases less than max pooling."""
    taps = torch.hann_window(5, periodic=False, dtype=x.dtype, device=x.device)[1:-1]
    window = taps[:, None] * taps
    weights = (window / window.sum()).expand(x.shape[1], 1, 3, 3)
    return (F.conv2d(x.square(), weights, stride=2, padding=1, groups=x.shape[1]) + 1e-12).sqrt()


@lru_cache(maxsize=8)
def load_dists(weights: str | None = None) -> Dists | None:
    """Finds VGG16's weights and builds the metric, once per path.

    Args:
        weights: a file, or a folder with a file named ``vgg16-*.pth``. None looks in torch hub's cache.

    Returns:
        The metric, or None if no path was given and the cache has no weights, which is logged once.

    Raises:
        UserError: there are no weights at the given path, or they are of another network.
    """
    found = imagenet_weights.find_imagenet_weights("vgg16", weights)
    if found is not None:
        return Dists(found)
    if weights is not None:
        raise UserError(f"DISTS needs the weights of VGG16: there is no vgg16-*.pth at {weights}.")
    print_log(
        f"DISTS is not measured: no vgg16-*.pth in {imagenet_weights.hub_cache()}, and nothing is downloaded. Put "
        "torchvision's weights there, or pass their path.",
        logger="current",
    )
    return None
