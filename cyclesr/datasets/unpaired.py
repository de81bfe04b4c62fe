"""Unpaired HR images and real LR images."""

from itertools import chain
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from cyclesr.datasets.cache import build_cache
from cyclesr.datasets.crops import Crop, CropDataset, Cut
from cyclesr.datasets.draws import crop_at, generator, shuffled
from cyclesr.datasets.path_list import PathList
from cyclesr.errors import UserError, did_you_mean
from cyclesr.images.listing import image_names
from cyclesr.registry import DATASETS

HrOnly = Literal["hr", "hr_flips"]
Augmentation = bool | HrOnly


@DATASETS.register_module()
class UnpairedDataset(CropDataset):
    """Random crops of HR images and, drawn independently, of real LR images.

    Item ``index`` is a pure function of (seed, index) for any index >= 0, also beyond the length. Each pass over as
    many indices as there are HR images visits every HR image once, in a new order. The LR image is drawn at random for
    every item.

    Args:
        hr: folder of HR images.
        real: folder of real LR images.
        crop: side of the LR crops in pixels; the side of the HR crops is crop * scale.
        margin: LR pixels by which HR crops are larger on each side. A translator that is not trained degrades the whole
            crop, and the SR network learns only from the middle, where no kernel has reached beyond the crop.
        scale: scale of the SR network.
        hr_range: (first, last): uses only HR files whose number is in this range, inclusive; (1, 400) in the paper's
            split of DIV2K. None uses all.
        real_range: the same for real LR files; (401, 800) in the paper's split of DIV2K.
        augment: True flips and rotates both images by quarter turns, independently. ``hr`` flips and rotates only HR,
            which preserves directions in the degradation of the real images (motion, an elongated blur, the rows of a
            sensor). ``hr_flips`` only flips HR, as the released code does. False changes nothing.
        cache: ``disk``, a folder, ``memory`` or None, see :func:`~cyclesr.datasets.cache.build_cache`.
        length: length of an epoch; None is the number of HR images.
        seed: seed of all random draws.
        image_channels: number of channels, see :func:`~cyclesr.images.reading.read_image`: 3 is RGB, 1 gray.

    Raises:
        UserError: a folder is missing or empty, a range contains no image, or the augmentation is unknown. Accessing an
            item raises it, with the name of the file, if a file is corrupt or smaller than the crop.
    """

    def __init__(
        self,
        hr: str | Path,
        real: str | Path,
        crop: int,
        scale: int,
        hr_range: tuple[int, int] | None = None,
        real_range: tuple[int, int] | None = None,
        augment: Augmentation = True,
        cache: str | Path | None = "disk",
        length: int | None = None,
        seed: int = 0,
        margin: int = 0,
        image_channels: int = 3,
    ) -> None:
        if not isinstance(augment, bool) and augment not in get_args(HrOnly):
            near = did_you_mean(str(augment), get_args(HrOnly))
            raise UserError(f"augment must be True, False, 'hr' or 'hr_flips', found {augment!r}.{near}")
        self.crop = crop
        self.margin = margin
        self.scale = scale
        self.augment = augment
        self.seed = seed
        self.hr_paths = PathList.of_folder(hr, image_names(hr, hr_range))
        self.real_paths = PathList.of_folder(real, image_names(real, real_range))
        self.length = length or len(self.hr_paths)
        self._cache = build_cache(cache, chain(self.hr_paths, self.real_paths), image_channels)

    def __len__(self) -> int:
        return self.length

    def cut(self, index: int) -> Cut:
        """Returns ``hr`` and ``real``, ``(side, side, 3)`` each with its own side, and their paths."""
        random = generator(self.seed, index)
        hr_path = self.hr_paths[shuffled(self.seed, index, len(self.hr_paths))]
        real_path = self.real_paths[int(random.integers(len(self.real_paths)))]
        return dict(
            hr=self._draw(random, hr_path, (self.crop + 2 * self.margin) * self.scale, self.augment),
            real=self._draw(random, real_path, self.crop, self.augment is True),
            hr_path=hr_path,
            real_path=real_path,
        )

    def _draw(self, random: np.random.Generator, path: str, crop: int, augment: Augmentation) -> Crop:
        image = self._cache.open(path)
        height, width = image.shape[:2]
        if min(height, width) < crop:
            raise UserError(
                f"The image {path} measures {width}x{height}, less than the crop of {crop}x{crop} pixels "
                f"(LR crop {self.crop}, margin {self.margin}, scale {self.scale}): remove it or use a smaller crop."
            )
        top, left = crop_at(random, height, width, crop)
        return Crop(image[top : top + crop, left : left + crop], _orientation(random, augment))


def _orientation(random: np.random.Generator, augment: Augmentation) -> int:
    """Draws the orientation of a crop, see :func:`~cyclesr.datasets.draws.turned`."""
    if not augment:
        return 0
    return 2 * int(random.integers(4)) if augment == "hr_flips" else int(random.integers(8))
