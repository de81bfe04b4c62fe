"""Finds and reads files with the weights of networks trained on ImageNet. Nothing is downloaded."""

from pathlib import Path

import torch
from torch import Tensor

from cyclesr.errors import UserError

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's RGB images in [0, 1]


def hub_cache() -> Path:
    """Returns the folder to which torchvision downloads weights."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def find_imagenet_weights(stem: str, path: str | Path | None) -> Path | None:
    """Finds the file with the weights of a network.

    Args:
        stem: the network's name in the file's name, such as ``vgg19``.
        path: a file, or a folder with files named ``<stem>.pth``, ``<stem>-*.pth`` (torchvision's names end in a hash)
            or ``<stem>_features.pth``, of which the newest is used. None looks in torch hub's cache.

    Returns:
        The path of the file, or None if there is no such file.
    """
    path = hub_cache() if path is None else Path(path)
    if path.is_dir():
        names = (f"{stem}.pth", f"{stem}-*.pth", f"{stem}_features.pth")  # vgg16_bn is another network than vgg16
        found = [file for name in names for file in path.glob(name)]
        return max(found, key=lambda file: file.stat().st_mtime, default=None)
    return path if path.is_file() else None


def read_features(path: Path, names: list[str]) -> dict[str, Tensor]:
    """Reads the weights of a network's convolutions.

    Args:
        path: file with a state dict under torchvision's names, of the whole network or only of its ``features``, with
            or without the prefix ``features.``.
        names: names of the tensors to return, without the prefix, such as ``0.weight``.

    Raises:
        UserError: the file cannot be read as a state dict of tensors, or one of the names is missing.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        found = {str(name).removeprefix("features."): tensor for name, tensor in state.items()}
    except Exception as error:  # torch raises errors of many types: zip, pickle, runtime
        raise UserError(
            f"{path} cannot be read as a state dict of tensors ({type(error).__name__}): download the file again."
        ) from error
    missing = [name for name in names if name not in found]
    if missing:
        raise UserError(
            f"{path} lacks {len(missing)} tensors of the network, such as features.{missing[0]}: use torchvision's "
            "file of this network."
        )
    return {name: found[name] for name in names}
