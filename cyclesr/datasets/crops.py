"""What the datasets share: items as floats one by one, batches as the files hold them, copied once."""

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
    """A part of a decoded image that nobody has copied yet.

    Attributes:
        pixels: (H, W, 3) uint8 or uint16, a view of the cache: not to be written to.
        orientation: how to turn it, see :func:`~cyclesr.datasets.draws.turned`.
    """

    pixels: np.ndarray
    orientation: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) once it is turned."""
        height, width = self.pixels.shape[:2]
        return (width, height) if self.orientation % 2 else (height, width)

    def turned(self, out: np.ndarray | None = None) -> np.ndarray:
        """(H, W, 3) uint8 or uint16 in memory of its own, or in ``out``."""
        return turned(self.pixels, self.orientation, out)


Item = dict[str, Tensor | str]
Cut = dict[str, Crop | str]


class CropDataset(Dataset[Item], ABC):
    """Images, or crops of them, with their paths.

    ``dataset[i]`` has images as floats (3, H, W) in [0, 1], and so have the batches of a data loader. A training
    loop that makes floats on the device sets ``as_stored``, where :func:`collate_crops` makes the batches: a quarter
    of the bytes then goes through workers and pinned memory, each pixel is copied once, from the cache into the batch,
    and the conversion costs the workers nothing.

    Attributes:
        as_stored: whether the items of a batch are crops that are still to be copied.
    """

    as_stored: bool = False
    metainfo: None = None  # mmengine's loops ask for names of classes, which SR has none of

    @abstractmethod
    def cut(self, index: int) -> Cut:
        """The images of an item and their paths."""

    def __getitem__(self, index: int) -> Item:
        return {name: _floats(value) if isinstance(value, Crop) else value for name, value in self.cut(index).items()}

    def __getitems__(self, indices: list[int]) -> list[Item] | list[Cut]:
        """The items of a batch; a data loader asks for them at once."""
        if self.as_stored:
            return [self.cut(index) for index in indices]
        return [self[index] for index in indices]


@FUNCTIONS.register_module()
def collate_crops(items: list[Any]) -> Any:
    """PyTorch's ``default_collate``, but for crops, which become batches as stored.

    Returns:
        Of crops: (N, H, W, 3) uint8 or uint16; floats (N, 3, H, W) in [0, 1] where a batch has both depths.

    Raises:
        UserError: crops of several sizes.
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
        raise UserError(f"The images of a batch must be of one size; found {found}. Set crop, or batch_size=1.")
    if len({crop.pixels.dtype for crop in values}) > 1:
        return torch.stack([_floats(crop) for crop in values])
    return _as_stored(values)


def _as_stored(crops: list[Crop]) -> Tensor:
    dtype = torch.from_numpy(np.empty(0, crops[0].pixels.dtype)).dtype
    batch = torch.empty(len(crops), *crops[0].shape, 3, dtype=dtype)
    if get_worker_info():
        batch.share_memory_()  # before it is filled: a worker's result is copied into shared memory otherwise
    for crop, place in zip(crops, batch.numpy(), strict=True):
        crop.turned(out=place)
    return batch


def _floats(crop: Crop) -> Tensor:
    return to_tensor(crop.turned())


def channels_first(images: Tensor) -> Tensor:
    """Images as stored, ``(N, H, W, 3)`` integers, as floats ``(N, 3, H, W)`` in [0, 1]; others are left as they are.

    The result lies in memory as it did, which torch calls ``channels_last``.
    """
    if images.dtype not in (torch.uint8, torch.uint16):
        return images
    return images.permute(0, 3, 1, 2).float().div_(torch.iinfo(images.dtype).max)
