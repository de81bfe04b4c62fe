"""The base of the datasets: single items are float tensors; batches keep the dtype of the files and are copied once."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.registry import FUNCTIONS
from torch import Tensor
from torch.utils.data import Dataset, default_collate, get_worker_info

from cyclesr.datasets.draws import turned
from cyclesr.errors import UserError
from cyclesr.images.tensors import to_tensor


@dataclass(frozen=True)
class Crop:
    """A part of a decoded image that has not been copied yet.

    Attributes:
        pixels: ``(H, W, 3)`` in uint8 or uint16, a read-only view of the cache.
        orientation: orientation of the copy, see :func:`~cyclesr.datasets.draws.turned`.
    """

    pixels: np.ndarray
    orientation: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        """Returns (height, width) of the copy."""
        height, width = self.pixels.shape[:2]
        return (width, height) if self.orientation % 2 else (height, width)

    def turned(self, out: np.ndarray | None = None) -> np.ndarray:
        """Copies the pixels in the given orientation to a new array, or to ``out``."""
        return turned(self.pixels, self.orientation, out)


Item = dict[str, Tensor | str]
Cut = dict[str, Crop | str]


class CropDataset(Dataset[Item], ABC):
    """Images or crops of images, with their paths.

    In ``dataset[i]``, images are float tensors ``(3, H, W)`` in [0, 1], and by default in the batches of a data loader,
    too. A training loop that converts to float on the device sets ``as_stored`` and collates with
    :func:`collate_crops`. Workers and pinned memory then handle a quarter of the bytes, each pixel is copied once, from
    the cache to the batch, and the workers convert nothing.

    Attributes:
        as_stored: whether the items of a batch are :class:`Crop` objects instead of float tensors.
    """

    as_stored: bool = False
    metainfo: None = None  # mmengine's loops read it for class names, which SR does not have

    @abstractmethod
    def cut(self, index: int) -> Cut:
        """Returns the images of an item and their paths."""

    def __getitem__(self, index: int) -> Item:
        return {name: _floats(value) if isinstance(value, Crop) else value for name, value in self.cut(index).items()}

    def __getitems__(self, indices: list[int]) -> list[Item] | list[Cut]:
        """Returns the items of a batch, which a data loader requests at once."""
        if self.as_stored:
            return [self.cut(index) for index in indices]
        return [self[index] for index in indices]


@FUNCTIONS.register_module()
def collate_crops(items: list[Any]) -> Any:
    """Collates crops to batches in the dtype of the files, and other values with PyTorch's ``default_collate``.

    Returns:
        For crops: ``(N, H, W, 3)`` in uint8 or uint16, or float ``(N, 3, H, W)`` in [0, 1] if a batch has both dtypes.

    Raises:
        UserError: the crops of a batch differ in size.
    """
    if not isinstance(items[0], dict):
        return default_collate(items)
    return {name: _batch([item[name] for item in items]) for name in items[0]}


def _batch(values: list[Any]) -> Any:
    if not isinstance(values[0], Crop):
        return default_collate(values)
    sizes = sorted({crop.shape for crop in values})
    if len(sizes) > 1:
        found = ", ".join(f"{height}x{width}" for height, width in sizes[:3])
        raise UserError(f"The images of a batch must have the same size, found {found}: set crop or use batch_size=1.")
    if len({crop.pixels.dtype for crop in values}) > 1:
        return torch.stack([_floats(crop) for crop in values])
    return _as_stored(values)


def _as_stored(crops: list[Crop]) -> Tensor:
    dtype = torch.from_numpy(np.empty(0, crops[0].pixels.dtype)).dtype
    batch = torch.empty(len(crops), *crops[0].shape, crops[0].pixels.shape[2], dtype=dtype)
    if get_worker_info():
        batch.share_memory_()  # before filling it; otherwise a worker's result is copied to shared memory
    for crop, place in zip(crops, batch.numpy(), strict=True):
        crop.turned(out=place)
    return batch


def _floats(crop: Crop) -> Tensor:
    return to_tensor(crop.turned())


def channels_first(images: Tensor) -> Tensor:
    """Converts images ``(N, H, W, 3)`` in uint8 or uint16 to float ``(N, 3, H, W)`` in [0, 1].

    Float images are returned unchanged. The order in memory is kept, so the result is ``channels_last``.
    """
    if images.dtype not in (torch.uint8, torch.uint16):
        return images
    return images.permute(0, 3, 1, 2).float().div_(torch.iinfo(images.dtype).max)
