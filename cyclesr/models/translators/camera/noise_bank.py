"""Noise of variance 1 from flat patches of the user's images (Ji et al., CVPRW 2020)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cyclesr.degradations.camera import PATCH_SIDE, CameraMeasurement, patches_of_files
from cyclesr.models.translators.camera.tables import Tables, rows_of


class NoiseBank(Tables):
    """Tiles flat patches of one image, each flipped at random, with the tiles at a random place.

    Args:
        image_channels: number of channels of the images.

    Attributes:
        patches: ``(patches, C, 16, 16)`` in units of the standard deviation of the noise, those of each image together.
        first, count: ``(images,)`` which of them are an image's.
    """

    patches: Tensor
    first: Tensor
    count: Tensor

    def __init__(self, image_channels: int = 3) -> None:
        super().__init__()
        self.add("patches", None, image_channels, PATCH_SIDE, PATCH_SIDE, dtype=torch.float16)
        self.add("first", None, dtype=torch.long)
        self.add("count", None, dtype=torch.long)

    def measure(self, camera: CameraMeasurement, paths: Sequence[Path]) -> None:
        """Collects the patches of the measured files.

        Raises:
            UserError: no file has a flat patch.
        """
        patches = patches_of_files(paths, camera)
        count = torch.tensor([len(of_image) for of_image in patches])
        first = count.cumsum(0) - count
        self.fill(patches=torch.from_numpy(np.concatenate(patches)), first=first, count=count)

    def forward(self, like: Tensor, image: Tensor) -> Tensor:
        """Draws ``(N, C, h, w)`` for crops that drew the images ``(N,)``."""
        (height, width), side = like.shape[-2:], PATCH_SIDE
        rows, columns = height // side + 2, width // side + 2
        random = torch.rand(3, len(like), rows * columns, device=like.device)
        chosen = rows_of(self.first, image)[:, None] + (random[0] * rows_of(self.count, image)[:, None]).long()
        tiles = self.patches[chosen].to(like.dtype)  # (N, tiles, C, side, side)
        for axis, flipped in ((-1, random[1] < 0.5), (-2, random[2] < 0.5)):
            tiles = torch.where(flipped[..., None, None, None], tiles.flip(axis), tiles)
        whole = tiles.unflatten(1, (rows, columns)).permute(0, 3, 1, 4, 2, 5)
        top, left = torch.randint(side, (2,)).tolist()
        return whole.reshape(*like.shape[:2], rows * side, columns * side)[..., top : top + height, left : left + width]
