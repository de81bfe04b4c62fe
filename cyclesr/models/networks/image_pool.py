"""A history of generated images for the discriminator."""

import torch
from torch import Tensor, nn


class ImagePool(nn.Module):
    """Gives back each image as it came, or, half of the time, one from the past in exchange (Shrivastava et al., 2017).

    The history lives in buffers, so that a checkpoint holds it. Nothing here waits for the device.

    Args:
        size: images kept; 0 gives every image back as it came.
    """

    images: Tensor
    filled: Tensor

    def __init__(self, size: int = 50) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("images", torch.zeros(0))
        self.register_buffer("filled", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def forward(self, fresh: Tensor) -> Tensor:
        """``(N, 3, h, w)`` to the same, detached; the pool starts anew when the image size changes."""
        fresh = fresh.detach()
        if not self.size:
            return fresh
        if self.images.shape[1:] != fresh.shape[1:]:
            self.images = fresh.new_zeros(self.size, *fresh.shape[1:])
            self.filled.zero_()
        return torch.stack([self._exchange(image) for image in fresh])

    def _exchange(self, image: Tensor) -> Tensor:
        """On the device alone: the slot is the next free one while the pool fills, then a random one."""
        filling = self.filled < self.size
        slot = torch.where(filling, self.filled, torch.randint(self.size, (), device=image.device)).reshape(1)
        keeps = filling | (torch.rand((), device=image.device) < 0.5)  # this image enters the pool
        old = self.images.index_select(0, slot)[0]
        self.images.index_copy_(0, slot, torch.where(keeps, image, old)[None])
        self.filled += filling
        return torch.where(keeps & ~filling, old, image)

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *args: object) -> None:
        images = state_dict.get(prefix + "images")
        if images is not None:
            self.images = images.new_zeros(images.shape).to(self.images.device)
        super()._load_from_state_dict(state_dict, prefix, *args)
