"""Files with the weights of networks trained on ImageNet: where they are, what is in them. Nothing is downloaded."""

from pathlib import Path

import torch
from torch import Tensor

from cyclesr.errors import UserError

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's RGB images in [0, 1]


def hub_cache() -> Path:
    """Where torchvision keeps what it has downloaded."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def find_imagenet_weights(stem: str, path: str | Path | None) -> Path | None:
    """The file of a network.

    Args:
        stem: how its name begins, ``vgg19`` for instance, in torchvision's releases and in other people's exports.
        path: a file, or a folder that holds one or several named ``<stem>*.pth``, of which the newest is taken; None
            looks into torch hub's cache.

    Returns:
        None where there is no such file.
    """
    path = hub_cache() if path is None else Path(path)
    if path.is_dir():
        return max(path.glob(f"{stem}*.pth"), key=lambda file: file.stat().st_mtime, default=None)
    return path if path.is_file() else None


def read_features(path: Path, names: list[str]) -> dict[str, Tensor]:
    """The weights of a network's convolutions.

    Args:
        path: a state dict in torchvision's names, of the whole network or of its ``features`` alone, with or without
            that prefix.
        names: those wanted, without the prefix: ``0.weight``.

    Raises:
        UserError: the file cannot be read as plain tensors, or lacks one of the names.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        found = {str(name).removeprefix("features."): tensor for name, tensor in state.items()}
    except Exception as error:  # torch raises many kinds: zip, pickle, runtime
        raise UserError(f"{path} is no file of weights: {type(error).__name__}.") from error
    missing = [name for name in names if name not in found]
    if missing:
        raise UserError(f"{path} lacks {len(missing)} tensors of the network, features.{missing[0]} among them.")
    return {name: found[name] for name in names}
