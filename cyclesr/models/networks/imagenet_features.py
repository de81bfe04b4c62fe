"""Feature maps of networks trained to classify ImageNet."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from cyclesr.errors import UserError, did_you_mean, require_rgb
from cyclesr.imagenet_weights import DEVIATION, MEAN, find_imagenet_weights, hub_cache, read_features
from cyclesr.registry import MODELS

# Number of convolutions in each of VGG's five stages, and the names of torchvision's files.
VGG_STAGES = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
FILES = {"vgg19": "vgg19-dcbb9e9d.pth", "vgg16": "vgg16-397923af.pth", "alexnet": "alexnet-owt-7be5be79.pth"}


@MODELS.register_module()
class ImageNetFeatures(nn.Module):
    """Feature maps of layers of VGG19, VGG16 or AlexNet with their pretrained weights.

    The layers of VGG are named ``conv5_4`` (before the activation), ``relu5_4`` (after the activation), ``pool1`` and
    so on; those of AlexNet ``conv5``, ``relu5``, ``pool1`` and so on. Layers after the last requested one are not
    built. The weights are ordinary parameters; :class:`~cyclesr.models.losses.frozen.Frozen` excludes them from
    training.

    Args:
        network: ``vgg19``, ``vgg16`` or ``alexnet``.
        layers: names of the layers. Without names, the last convolution before its activation is used.
        weights: file with torchvision's state dict or only its ``features.*`` tensors, or a folder with such a file
            whose name starts with that of the network. None looks in torch hub's cache. Nothing is downloaded.

    Raises:
        UserError: the network or a layer is unknown, or no weights were found.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, network: str = "vgg19", layers: Sequence[str] = (), weights: str | None = None) -> None:
        super().__init__()
        if network not in FILES:
            near = did_you_mean(network, FILES)
            raise UserError(f"network of ImageNetFeatures must be one of {', '.join(FILES)}, found {network!r}.{near}")
        named = _alexnet() if network == "alexnet" else _vgg(VGG_STAGES[network])
        self.layers = tuple(layers) or tuple(name for name in named if name.startswith("conv"))[-1:]
        for name in self.layers:
            if name not in named:
                raise UserError(f"{network} has no layer {name!r}.{did_you_mean(name, named)}")
        self.names = list(named)[: max(list(named).index(name) for name in self.layers) + 1]
        self.features = nn.Sequential(*(named[name] for name in self.names))
        self.features.load_state_dict(read_features(_file(network, weights), list(self.features.state_dict())))
        for name, values in (("mean", MEAN), ("deviation", DEVIATION)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Returns feature maps ``(N, C, h, w)`` by name, of images ``(N, 3, H, W)`` in [0, 1].

        Raises:
            UserError: the images are not RGB.
        """
        require_rgb("Losses and scores with ImageNet features", image.shape[1])
        x = (image - self.mean) / self.deviation
        maps = {}
        for name, layer in zip(self.names, self.features, strict=True):
            x = layer(x)
            if name in self.layers:
                maps[name] = x
        return maps


def _file(network: str, weights: str | None) -> Path:
    found = find_imagenet_weights(network, weights)
    if found is None:
        place = weights or hub_cache()
        raise UserError(
            f"No ImageNet weights of {network}: found no {network}-*.pth at {place}, and nothing is downloaded. Put "
            f"torchvision's {FILES[network]} there (its 'features.*' tensors suffice), or pass its path as 'weights'."
        )
    return found


def _vgg(stages: Sequence[int]) -> dict[str, nn.Module]:
    """Builds the layers by name, in torchvision's order."""
    layers: dict[str, nn.Module] = {}
    inputs = 3
    for stage, count in enumerate(stages, start=1):
        width = 64 * min(2 ** (stage - 1), 8)
        for i in range(1, count + 1):
            layers[f"conv{stage}_{i}"] = nn.Conv2d(inputs, width, 3, padding=1)
            layers[f"relu{stage}_{i}"] = nn.ReLU()
            inputs = width
        layers[f"pool{stage}"] = nn.MaxPool2d(2)
    return layers


def _alexnet() -> dict[str, nn.Module]:
    layers: dict[str, nn.Module] = {}
    shapes = [(3, 64, 11, 4, 2), (64, 192, 5, 1, 2), (192, 384, 3, 1, 1), (384, 256, 3, 1, 1), (256, 256, 3, 1, 1)]
    for i, shape in enumerate(shapes, start=1):
        layers[f"conv{i}"] = nn.Conv2d(*shape)
        layers[f"relu{i}"] = nn.ReLU()
        if i in (1, 2, 5):
            layers[f"pool{i}"] = nn.MaxPool2d(3, 2)
    return layers
