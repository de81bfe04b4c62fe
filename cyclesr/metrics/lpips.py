"""LPIPS (Zhang et al. 2018), version 0.1 with its linear heads, computed with the ``lpips`` package.

The weights of the backbones must be provided by the user: nothing is downloaded. Without them, LPIPS is not measured.
"""

import warnings
from functools import lru_cache
from pathlib import Path

import torch
from mmengine.logging import print_log
from torch import Tensor, nn

from cyclesr import imagenet_weights
from cyclesr.errors import UserError, did_you_mean, require_rgb
from cyclesr.metrics.pixels import Image, to_planes

# Minimum side of the images in pixels; for smaller ones, the pooling of a backbone has no output.
SMALLEST = {"alex": 31, "vgg": 16, "squeeze": 17}
# Start of the file name of each backbone's weights.
FILES = {"alex": "alexnet", "vgg": "vgg16", "squeeze": "squeezenet1_1"}


class Lpips(nn.Module):
    """LPIPS as a function of two images.

    Args:
        net: ``alex`` (usual in published tables), ``vgg`` or ``squeeze``.
        weights: file with the backbone's state dict under torchvision's names (``features.0.weight`` ...).

    Attributes:
        net, weights: the arguments.

    Raises:
        UserError: the file cannot be read, or a layer is missing.
    """

    def __init__(self, net: str, weights: Path) -> None:
        super().__init__()
        import lpips

        self.net, self.weights = net, weights
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # lpips uses a deprecated argument of torchvision
            self.model = lpips.LPIPS(net=net, pnet_rand=True, verbose=False)
        _load_backbone(self.model.net, weights)
        self.eval().requires_grad_(False)

    @torch.no_grad()
    def forward(self, sr: Image, hr: Image) -> float:
        """Computes LPIPS of two images, see :func:`cyclesr.metrics.pixels.to_planes`, after rounding to 8 bits."""
        return self.of_planes(to_planes(sr, rounded=True), to_planes(hr, rounded=True))

    @torch.no_grad()
    def of_planes(self, sr: Tensor, hr: Tensor) -> float:
        """Computes LPIPS of two tensors ``(3, H, W)`` in 0..255.

        Raises:
            UserError: the images are not RGB, or too small for the backbone.
        """
        require_rgb("LPIPSLoss and LPIPS", len(sr))
        height, width = sr.shape[1:]
        if min(height, width) < SMALLEST[self.net]:
            raise UserError(
                f"LPIPS with {self.net} needs images of at least {SMALLEST[self.net]} pixels per side, found "
                f"{width}x{height} after the border crop: score without LPIPS or with another network."
            )
        device = next(self.parameters()).device
        first, second = ((planes / 127.5 - 1).float()[None].to(device) for planes in (sr, hr))
        return float(self.model(first, second))


@lru_cache(maxsize=8)
def load_lpips(net: str = "alex", weights: str | None = None) -> Lpips | None:
    """Finds the weights and builds the metric, once per network and path.

    Args:
        net: see :func:`find_lpips_weights`.
        weights: see :func:`find_lpips_weights`.

    Returns:
        The metric, or None if no path was given and the cache has no weights, which is logged once.

    Raises:
        UserError: ``net`` is unknown, or there are no weights at the given path.
    """
    found = find_lpips_weights(net, weights)
    if found is None:
        print_log(f"LPIPS is not measured: {how_to_get(net)}", logger="current")
        return None
    return Lpips(net, found)


def find_lpips_weights(net: str, weights: str | None = None) -> Path | None:
    """Finds the file with the weights of a backbone.

    Args:
        net: ``alex``, ``vgg`` or ``squeeze``.
        weights: a file, or a folder with a file named like ``alexnet-*.pth``. None looks in torch hub's cache.

    Returns:
        The path, or None if no path was given and the cache has no weights.

    Raises:
        UserError: ``net`` is unknown, or there are no weights at the given path.
    """
    if net not in FILES:
        near = did_you_mean(net, FILES)
        raise UserError(f"The network of LPIPS must be one of {', '.join(FILES)}, found {net!r}.{near}")
    found = imagenet_weights.find_imagenet_weights(FILES[net], weights)
    if found is None and weights is not None:
        raise UserError(f"LPIPS needs the weights of {FILES[net]}: there is no {FILES[net]}-*.pth at {weights}.")
    return found


def how_to_get(net: str) -> str:
    """Returns a sentence that says where the weights of a backbone are expected."""
    return (
        f"no {FILES[net]}-*.pth in {imagenet_weights.hub_cache()}, and nothing is downloaded. "
        "Put torchvision's weights there, or pass their path."
    )


def _load_backbone(backbone: nn.Module, path: Path) -> None:
    """Loads every convolution. The package's ``slice2.3.weight`` is torchvision's ``features.3.weight``."""
    names = {key: key.split(".", 1)[1] for key in backbone.state_dict()}
    state = imagenet_weights.read_features(path, sorted(names.values()))
    backbone.load_state_dict({key: state[name] for key, name in names.items()})
