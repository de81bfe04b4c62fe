"""Compression in a format and with a quality that are drawn for each image."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from cyclesr.degradations.random.draws import Range, check_ranges, check_weights, for_each, happens, one_of, uniform
from cyclesr.errors import UserError
from cyclesr.images.jpeg import compressed
from cyclesr.registry import DEGRADATIONS

FORMATS = ("jpeg", "webp")
_LARGEST_BLOCK = 16  # pixels


@DEGRADATIONS.register_module()
class RandomCompression(nn.Module):
    """Writes and reads each image as a JPEG or WebP file in memory; no gradient passes.

    The blocks begin at a random place of each image, as a crop of a compressed image has them.

    Args:
        probability: with which an image is compressed.
        formats: weights of ``jpeg`` and ``webp``.
        quality: range of the quality, from 1 to 100.

    Raises:
        UserError: a range that is none, an unknown format, or images without 1 or 3 channels.

    Source: Wang et al., ICCVW 2021 (Real-ESRGAN), which only has JPEG.
    """

    def __init__(
        self, probability: float = 1.0, formats: Mapping[str, float] | None = None, quality: Range = (30.0, 95.0)
    ) -> None:
        super().__init__()
        self.probability = probability
        self.formats = dict(formats or dict(jpeg=0.8, webp=0.2))
        check_weights("RandomCompression", FORMATS, formats=self.formats)
        check_ranges("RandomCompression", 1, quality=quality)
        self.quality = quality

    @torch.no_grad()
    def forward(self, image: Tensor) -> Tensor:
        """Compresses images ``(N, C, H, W)`` in [0, 1]."""
        return for_each(image, lambda one: self._compressed(one) if happens(self.probability) else one)

    def _compressed(self, image: Tensor) -> Tensor:
        if image.shape[1] not in (1, 3):
            raise UserError(f"RandomCompression takes images of 1 or 3 channels, found {image.shape[1]}.")
        kind, quality = one_of(self.formats), round(uniform(self.quality))
        top, left = torch.randint(_LARGEST_BLOCK, (2,)).tolist()
        pixels = (255 * image[0].clamp(0, 1)).round().byte().permute(1, 2, 0).cpu().numpy()
        padded = np.pad(pixels, ((top, 0), (left, 0), (0, 0)), mode="edge")
        made = compressed(padded, kind, quality)[top:, left:]
        return torch.from_numpy(np.array(made)).permute(2, 0, 1)[None].to(image) / 255
