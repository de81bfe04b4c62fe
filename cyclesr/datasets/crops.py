"""What the datasets share: items as floats one by one, batches as the files hold them."""

from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from cyclesr.datasets.images import to_tensor

Item = dict[str, Tensor | str]


class CropDataset(Dataset[Item], ABC):
    """Images, or crops of them, with their paths.

    ``dataset[i]`` has images as floats (3, H, W) in [0, 1], and so have the batches of a data loader. A training
    loop that makes floats on the device sets ``as_stored``: a quarter of the bytes then goes through workers and
    pinned memory, and the conversion costs the workers nothing.

    Attributes:
        as_stored: whether batches hold images as integers (H, W, 3), uint8 or uint16; a batch with images of both
            depths holds floats all the same.
    """

    as_stored: bool = False

    @abstractmethod
    def cut(self, index: int) -> dict[str, np.ndarray | str]:
        """The images of an item, (H, W, 3) uint8 or uint16 each, in memory of their own, and their paths."""

    def __getitem__(self, index: int) -> Item:
        return {name: value if isinstance(value, str) else to_tensor(value) for name, value in self.cut(index).items()}

    def __getitems__(self, indices: list[int]) -> list[Item]:
        """The items of a batch; a data loader asks for them at once."""
        if not self.as_stored:
            return [self[index] for index in indices]
        items = [self.cut(index) for index in indices]
        mixed = [name for name in items[0] if len({_depth(item[name]) for item in items}) > 1]
        return [{name: _as_stored(value, name in mixed) for name, value in item.items()} for item in items]


def _depth(value: np.ndarray | str) -> str:
    return "" if isinstance(value, str) else value.dtype.name


def _as_stored(value: np.ndarray | str, as_floats: bool) -> Tensor | str:
    if isinstance(value, str):
        return value
    return to_tensor(value) if as_floats else torch.from_numpy(value)


def channels_first(images: Tensor) -> Tensor:
    """Images as stored, ``(N, H, W, 3)`` integers, as floats ``(N, 3, H, W)`` in [0, 1]; others are left as they are.

    The result lies in memory as it did, which torch calls ``channels_last``.
    """
    if images.dtype not in (torch.uint8, torch.uint16):
        return images
    return images.permute(0, 3, 1, 2).float().div_(torch.iinfo(images.dtype).max)
