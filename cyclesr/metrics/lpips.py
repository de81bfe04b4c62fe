"""LPIPS (Zhang et al. 2018) through the ``lpips`` package, with backbone weights that are on this disk, or not at all.

Version 0.1 with its linear heads. Nothing is downloaded, and a backbone without weights is never scored.
"""

import warnings
from functools import lru_cache
from pathlib import Path

import torch
from mmengine.logging import print_log
from torch import Tensor, nn

from cyclesr import imagenet_weights
from cyclesr.errors import UserError, did_you_mean
from cyclesr.metrics.pixels import Image, to_planes

# Pixels a side below which a backbone's pooling leaves nothing.
SMALLEST = {"alex": 31, "vgg": 16, "squeeze": 17}
# How the file of each backbone begins, in torchvision's releases and in other people's exports.
FILES = {"alex": "alexnet", "vgg": "vgg16", "squeeze": "squeezenet1_1"}


class Lpips(nn.Module):
    """The distance as a function of two images.

    Args:
        net: ``alex`` (the default of the field's tables), ``vgg`` or ``squeeze``.
        weights: file with the backbone's state dict in torchvision's names (``features.0.weight`` ...).

    Attributes:
        net, weights: as given.

    Raises:
        UserError: the file cannot be read, or lacks a layer.
    """

    def __init__(self, net: str, weights: Path) -> None:
        super().__init__()
        import lpips

        self.net, self.weights = net, weights
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # lpips builds its backbones through a deprecated argument
            self.model = lpips.LPIPS(net=net, pnet_rand=True, verbose=False)
        _load_backbone(self.model.net, weights)
        self.eval().requires_grad_(False)

    @torch.no_grad()
    def forward(self, sr: Image, hr: Image) -> float:
        """LPIPS of one pair; images as in :func:`cyclesr.metrics.pixels.to_planes`, rounded to 8 bits."""
        return self.of_planes(to_planes(sr, rounded=True), to_planes(hr, rounded=True))

    @torch.no_grad()
    def of_planes(self, sr: Tensor, hr: Tensor) -> float:
        """LPIPS of two (3, H, W) tensors in 0..255.

        Raises:
            UserError: images that are too small for the backbone.
        """
        height, width = sr.shape[1:]
        if min(height, width) < SMALLEST[self.net]:
            raise UserError(
                f"LPIPS with {self.net} needs {SMALLEST[self.net]} pixels a side, found {height}x{width} to compare: "
                "score without LPIPS, or with another of its networks."
            )
        device = next(self.parameters()).device
        first, second = ((planes / 127.5 - 1).float()[None].to(device) for planes in (sr, hr))
        return float(self.model(first, second))


@lru_cache(maxsize=8)
def load_lpips(net: str = "alex", weights: str | None = None) -> Lpips | None:
    """Finds the weights and builds the metric, once for each choice.

    Args:
        net, weights: see :func:`find_lpips_weights`.

    Returns:
        ``None`` when no path was given and the cache has no weights; that is said once.

    Raises:
        UserError: unknown ``net``, or no weights at the given path.
    """
    found = find_lpips_weights(net, weights)
    if found is None:
        print_log(f"LPIPS is left out: {how_to_get(net)}", logger="current")
        return None
    return Lpips(net, found)


def find_lpips_weights(net: str, weights: str | None = None) -> Path | None:
    """The file with a backbone's weights.

    Args:
        net: ``alex``, ``vgg`` or ``squeeze``.
        weights: a file, or a folder that holds one named like ``alexnet*.pth``; ``None`` looks into torch hub's cache.

    Returns:
        ``None`` when no path was given and the cache has no weights.

    Raises:
        UserError: unknown ``net``, or no weights at the given path.
    """
    if net not in FILES:
        raise UserError(f"LPIPS has no network {net!r}.{did_you_mean(net, FILES)} It has: {', '.join(FILES)}.")
    found = imagenet_weights.find_imagenet_weights(FILES[net], weights)
    if found is None and weights is not None:
        raise UserError(f"LPIPS needs the weights of {FILES[net]}: there is no {FILES[net]}*.pth at {weights}.")
    return found


def how_to_get(net: str) -> str:
    """A sentence for whoever lacks a backbone's weights."""
    return (
        f"no {FILES[net]}*.pth in {imagenet_weights.hub_cache()}, and nothing is downloaded. "
        "Put torchvision's weights there, or give their path."
    )


def _load_backbone(backbone: nn.Module, path: Path) -> None:
    """Fills every convolution; the package's ``slice2.3.weight`` is torchvision's ``features.3.weight``."""
    names = {key: key.split(".", 1)[1] for key in backbone.state_dict()}
    state = imagenet_weights.read_features(path, sorted(names.values()))
    backbone.load_state_dict({key: state[name] for key, name in names.items()})
