"""A history of fakes for the discriminator (Shrivastava et al. 2017)."""

from typing import Any

import torch
from torch import Tensor, nn


class ImagePool(nn.Module):
    """Shows the discriminator a stored fake half of the time, as CycleGAN does.

    The stored images are a buffer, so that a checkpoint holds them. The draws come from torch's CPU generator and
    never wait for the device. Values that are not finite are stored as grey: the step that made them is skipped, and
    later steps should not be.

    Args:
        size: number of stored images; 0 stores none.

    Differs from CycleGAN: within a chunk of at most ``size`` images, no two draw the same stored image. Images of
    another size than the stored ones empty the pool first.
    """

    images: Tensor

    def __init__(self, size: int = 50) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("images", torch.empty(0, 3, 0, 0))

    @torch.no_grad()
    def forward(self, fakes: Tensor) -> Tensor:
        """Stores fakes ``(N, 3, H, W)`` and returns as many.

        While the pool fills, the fakes themselves come back. Then each of them comes back with probability 0.5, or
        else takes the place of a stored one, which comes back instead.
        """
        if not self.size:
            return fakes
        if self.images.shape[1:] != fakes.shape[1:]:
            self.images = fakes.new_empty((0, *fakes.shape[1:]), dtype=self.images.dtype)
        room = self.size - len(self.images)
        self.images = torch.cat([self.images, _finite(fakes[:room])]).to(self.images.dtype)
        chunks = [self._swap(chunk) for chunk in fakes[room:].split(self.size)]
        return torch.cat([fakes[:room].to(self.images.dtype), *chunks])

    def _swap(self, fakes: Tensor) -> Tensor:
        stored = torch.randperm(self.size)[: len(fakes)].tolist()
        swapped = [i for i, x in enumerate(torch.rand(len(fakes)).tolist()) if x > 0.5]
        shown = fakes.to(self.images.dtype, copy=True)
        for i in swapped:
            shown[i] = self.images[stored[i]]
            self.images[stored[i]] = _finite(fakes[i])
        return shown

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        stored = state_dict.get(prefix + "images")
        if stored is not None:
            self.images = self.images.new_empty(stored.shape)
        super()._load_from_state_dict(state_dict, prefix, *args)


def _finite(images: Tensor) -> Tensor:
    return images.nan_to_num(nan=0.5, posinf=1.0, neginf=0.0)
