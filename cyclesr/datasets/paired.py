"""Pairs of LR and HR images, for validation, test and supervised baselines."""

import re
from pathlib import Path

import numpy as np

from cyclesr.datasets.cache import build_cache
from cyclesr.datasets.crops import Crop, CropDataset, Cut
from cyclesr.datasets.draws import crop_at, generator, shuffled
from cyclesr.datasets.path_list import PathList
from cyclesr.errors import UserError
from cyclesr.images.listing import by_stem, list_images
from cyclesr.registry import DATASETS


@DATASETS.register_module()
class PairedDataset(CropDataset):
    """Pairs of LR and HR images: whole images in order or, with ``crop``, random aligned crops.

    With ``crop``, item ``index`` is a pure function of (seed, index) for any index >= 0, as in ``UnpairedDataset``.

    Args:
        lr: folder of LR images.
        hr: folder of HR images, or None for LR images only. An LR file belongs to the HR file of the same name, or to
            the HR file whose name lacks the suffix of the track: 0801x4.png, 0801x4m.png, 0801x4d.png, 0801x4w.png,
            0001x4w1.png, 0001x2p.jpg. Several LR images may share an HR image. HR images without LR images are ignored.
        scale: HR size / LR size. An HR image may be up to scale - 1 pixels larger or smaller than scale times its LR
            image: both are cropped at the bottom and right to what they share, as DIV2K was made.
        crop: side of the LR crops in pixels; None for whole images.
        augment: whether to flip and rotate crops by quarter turns, equally for LR and HR; ignored without ``crop``.
        hr_range: (first, last): uses only LR files whose number is in this range, inclusive.
        cache: ``disk``, a folder, ``memory`` or None, see :func:`~cyclesr.datasets.cache.build_cache`.
        seed: seed of all random draws.
        image_channels: number of channels, see :func:`~cyclesr.images.reading.read_image`: 3 is RGB, 1 gray.

    Raises:
        UserError: a folder is missing or empty, or LR images have no HR image. Accessing an item raises it, with the
            name of the file, if a file is corrupt, has a wrong size or is smaller than the crop.
    """

    def __init__(
        self,
        lr: str | Path,
        hr: str | Path | None,
        scale: int,
        crop: int | None = None,
        augment: bool = False,
        hr_range: tuple[int, int] | None = None,
        cache: str | Path | None = "disk",
        seed: int = 0,
        image_channels: int = 3,
    ) -> None:
        self.scale = scale
        self.crop = crop
        self.augment = augment and crop is not None
        self.seed = seed
        lr_paths = list_images(lr, hr_range)
        hr_paths = [] if hr is None else match_hr(lr_paths, list_images(hr), scale)
        self.lr_paths = PathList(lr_paths)
        self.hr_paths = PathList(hr_paths)
        self._cache = build_cache(cache, dict.fromkeys([*lr_paths, *hr_paths]), image_channels)

    def __len__(self) -> int:
        return len(self.lr_paths)

    def cut(self, index: int) -> Cut:
        """Returns ``lr`` ``(h, w, 3)`` and ``lr_path``; with an HR folder also ``hr`` and ``hr_path``.

        ``hr`` is ``(scale * h, scale * w, 3)``.
        """
        place = index if self.crop is None else shuffled(self.seed, index, len(self))
        paths = dict(lr=self.lr_paths[place])
        if len(self.hr_paths):
            paths["hr"] = self.hr_paths[place]
        images = {key: self._cache.open(path) for key, path in paths.items()}
        height, width = self._common_size(paths, images)
        top, left, height, width, orientation = self._window(index, height, width, paths["lr"])
        item: Cut = {}
        for key, image in images.items():
            k = self.scale if key == "hr" else 1
            item[key] = Crop(image[k * top : k * (top + height), k * left : k * (left + width)], orientation)
            item[f"{key}_path"] = paths[key]
        return item

    def _window(self, index: int, height: int, width: int, path: str) -> tuple[int, int, int, int, int]:
        """Returns (top, left, height, width) of the crop in LR pixels, and its orientation."""
        if self.crop is None:
            return 0, 0, height, width, 0
        if min(height, width) < self.crop:
            raise UserError(
                f"The LR image {path} measures {width}x{height}, less than the crop of {self.crop}x{self.crop} pixels: "
                "remove it or use a smaller crop."
            )
        random = generator(self.seed, index)
        top, left = crop_at(random, height, width, self.crop)
        return top, left, self.crop, self.crop, int(random.integers(8)) if self.augment else 0

    def _common_size(self, paths: dict[str, str], images: dict[str, np.ndarray]) -> tuple[int, int]:
        """Returns (height, width), in LR pixels, of the part that both images show."""
        height, width = images["lr"].shape[:2]
        if "hr" not in images:
            return height, width
        hr_height, hr_width = images["hr"].shape[:2]
        surplus = max(abs(hr_height - self.scale * height), abs(hr_width - self.scale * width))
        if surplus >= self.scale:
            larger = "is larger than" if height > hr_height or width > hr_width else "does not fit"
            raise UserError(
                f"The LR image {paths['lr']} ({width}x{height}) {larger} its HR image {paths['hr']} "
                f"({hr_width}x{hr_height}): at scale {self.scale} HR must measure "
                f"{self.scale * width}x{self.scale * height}: check the folders and the scale."
            )
        return min(height, hr_height // self.scale), min(width, hr_width // self.scale)


def match_hr(lr: list[Path], hr: list[Path], scale: int) -> list[Path]:
    """Finds the HR file of each LR file, see :class:`PairedDataset`.

    Raises:
        UserError: LR files have no HR file (the message names the first five), or two HR files have the same name.
    """
    by_name = by_stem(hr)
    track = re.compile(rf"x{scale}(?:[mdwp]\d*)?$")
    names = [path.stem if path.stem in by_name else track.sub("", path.stem) for path in lr]
    missing = [path.name for path, name in zip(lr, names, strict=True) if name not in by_name]
    if missing:
        raise UserError(
            f"{len(missing)} of {len(lr)} LR images of {lr[0].parent} have no HR image in {hr[0].parent}: "
            f"{', '.join(missing[:5])}{' ...' if len(missing) > 5 else ''}. Name an LR file like its HR file, with or "
            f"without 'x{scale}' (x{scale}m, x{scale}w1 ...) at the end."
        )
    return [by_name[name] for name in names]
