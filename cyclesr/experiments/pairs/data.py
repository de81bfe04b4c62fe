"""Real pairs as an unpaired experiment: HR of some scenes, LR of others, and held-out pairs."""

import os
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cyclesr.datasets.paired import match_hr
from cyclesr.errors import UserError
from cyclesr.experiments.comparison import Folders
from cyclesr.experiments.work_dir import read_json, write_json
from cyclesr.images.listing import list_images
from cyclesr.images.reading import read_image

HELD_OUT = 0.2  # share of the scenes
LEAST_SCENES = 5
SCALES = range(1, 9)  # scales that file names of LR images may contain
OWN_LR = ("hr_lr", "hidden")  # folder of the LR images of ``hr``, for the row on true pairs


@dataclass(frozen=True)
class Scene:
    """An HR image and all LR images of it."""

    hr: Path
    lr: tuple[Path, ...]


@dataclass(frozen=True)
class Split:
    """Disjoint scenes: those whose HR is for training, those whose LR is, and the held-out pairs."""

    hr: Sequence[Scene]
    real: Sequence[Scene]
    valid: Sequence[Scene]


def is_ready(pairs: Path) -> bool:
    """Returns whether a folder is split already, into ``hr``, ``real`` and ``valid``."""
    return (pairs / "valid").is_dir()


def image_folders(pairs: Path) -> list[Path]:
    """Returns the folders of images that the benchmark reads, of a split folder or one of pairs.

    Raises:
        UserError: the folder is neither.
    """
    if is_ready(pairs):
        own = [pairs / name for name in OWN_LR if (pairs / name).is_dir()][:1]
        return [pairs / "hr", *own, pairs / "real", pairs / "valid" / "lr", pairs / "valid" / "hr"]
    if not all((pairs / name).is_dir() for name in ("hr", "lr")):
        raise UserError(
            f"{pairs} must hold the folders 'hr' and 'lr' with the images of each pair, or the folders 'hr', 'real', "
            "'valid/lr' and 'valid/hr' of a set that is split already."
        )
    return [pairs / "hr", pairs / "lr"]


def open_pairs(pairs: Path, data: Path, seed: int, scale: int) -> Folders:
    """Returns the folders of an experiment.

    Args:
        pairs: a folder with ``hr`` and ``lr``, which is split at random; or one that is split already: ``hr``,
            ``real``, ``valid/lr``, ``valid/hr``, and ``hr_lr`` or ``hidden`` with the LR images of ``hr``.
        data: folder for the parts of a split, which is made only once.
        seed: seed of the split.
        scale: HR size / LR size, as :func:`scale_of_pairs` finds it.

    Raises:
        UserError: the folder is of neither kind, or LR images have no HR image.
    """
    image_folders(pairs)
    if is_ready(pairs):
        own = next((pairs / name for name in OWN_LR if (pairs / name).is_dir()), None)
        return _folders(pairs, own, scale)
    if not (data / "split.json").is_file():  # written last
        _lay_out(split(scenes_of(pairs, scale), seed), data)
    return _folders(data, data / OWN_LR[0], scale)


def _folders(root: Path, own: Path | None, scale: int) -> Folders:
    valid = root / "valid"
    return Folders(
        hr=root / "hr", real=root / "real", valid_lr=valid / "lr", valid_hr=valid / "hr", hidden_lr=own, scale=scale
    )


def scenes_of(pairs: Path, scale: int) -> list[Scene]:
    """Returns the scenes of a folder with ``hr`` and ``lr``, named as :class:`~cyclesr.datasets.PairedDataset` has it.

    Raises:
        UserError: LR images have no HR image.
    """
    lr = list_images(pairs / "lr")
    scenes: dict[Path, list[Path]] = {}
    for lr_path, hr_path in zip(lr, match_hr(lr, list_images(pairs / "hr"), scale), strict=True):
        scenes.setdefault(hr_path, []).append(lr_path)
    return [Scene(hr_path, tuple(lr_paths)) for hr_path, lr_paths in scenes.items()]


def split(scenes: Sequence[Scene], seed: int) -> Split:
    """Splits scenes at random: a fifth is held out, the rest is HR or LR by halves.

    Raises:
        UserError: fewer than five scenes.
    """
    if len(scenes) < LEAST_SCENES:
        raise UserError(
            f"A split into HR, LR and held-out pairs needs at least {LEAST_SCENES} scenes, found {len(scenes)}."
        )
    drawn = [scenes[i] for i in np.random.default_rng((seed, 3)).permutation(len(scenes))]
    held_out = max(1, round(HELD_OUT * len(scenes)))
    rest = drawn[held_out:]
    half = (len(rest) + 1) // 2
    return Split(hr=rest[:half], real=rest[half:], valid=drawn[:held_out])


def _lay_out(parts: Split, data: Path) -> None:
    if data.exists():
        shutil.rmtree(data)  # an interrupted earlier call
    _link((scene.hr for scene in parts.hr), data / "hr")
    _link((path for scene in parts.hr for path in scene.lr), data / OWN_LR[0])
    _link((path for scene in parts.real for path in scene.lr), data / "real")
    _link((path for scene in parts.valid for path in scene.lr), data / "valid" / "lr")
    _link((scene.hr for scene in parts.valid), data / "valid" / "hr")
    names = {name: [scene.hr.stem for scene in getattr(parts, name)] for name in ("hr", "real", "valid")}
    write_json(data / "split.json", names)


def split_of(data: Path) -> dict[str, list[str]]:
    """Returns the names of the scenes in each part of a split that was made: ``hr``, ``real`` and ``valid``."""
    names: dict[str, list[str]] = read_json(data / "split.json")
    return names


def _link(paths: Iterable[Path], folder: Path) -> None:
    """Creates hard links to files in a folder, which take no space, or copies if hard links are not possible."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        try:
            os.link(path, folder / path.name)
        except OSError:
            shutil.copy2(path, folder / path.name)


def scale_of_pairs(pairs: Path) -> int:
    """Returns HR size / LR size of the first pair.

    Raises:
        UserError: the folder holds no pairs, or the sizes have no whole ratio.
    """
    image_folders(pairs)
    folder = pairs / "valid" if is_ready(pairs) else pairs
    lr, hr = _first_pair(folder / "lr", folder / "hr")
    (height, width), (hr_height, hr_width) = (read_image(path).shape[:2] for path in (lr, hr))
    scale = max(1, round(hr_height / height))
    if max(abs(hr_height - scale * height), abs(hr_width - scale * width)) >= scale:
        raise UserError(
            f"The sizes of {lr} ({width}x{height}) and {hr} ({hr_width}x{hr_height}) have no whole ratio: HR must be "
            "1, 2, 3, 4 ... times as large."
        )
    return scale


def _first_pair(lr_folder: Path, hr_folder: Path) -> tuple[Path, Path]:
    """Returns the first LR image and its HR image. The scale in the file name (``0801x4.png``) may be any."""
    lr, hr = list_images(lr_folder)[:1], list_images(hr_folder)
    for scale in SCALES:
        with suppress(UserError):
            return lr[0], match_hr(lr, hr, scale)[0]
    raise UserError(f"The LR image {lr[0]} has no HR image in {hr_folder}. Give the images of a pair the same name.")
