"""Training on a user's own images without a config."""

import math
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import mmengine.device
import numpy as np
import torch
from mmengine.config import Config
from mmengine.dist import get_world_size

from cyclesr.config import load_config, train_on
from cyclesr.degradations.camera import CameraMeasurement, measure_images
from cyclesr.degradations.camera.stored import store_camera
from cyclesr.degradations.imresize import imresize
from cyclesr.engine.measuring import (
    Measured,
    evenly_spread,
    fill_translator,
    measure_folder,
    takes_measurement,
)
from cyclesr.engine.preflight import check_images, check_unused
from cyclesr.engine.ranks import on_rank_0
from cyclesr.engine.recipe import (
    CPU_MINUTES,
    SMALLEST_CROP,
    RecipeKind,
    choose_recipe,
    fitting_crops,
    iterations_within,
)
from cyclesr.engine.timing import seconds_per_iteration
from cyclesr.errors import UserError
from cyclesr.images.bands import bands_in_words, channels_of_folders
from cyclesr.images.listing import list_images
from cyclesr.images.reading import image_size, read_image
from cyclesr.images.tensors import to_tensor
from cyclesr.inference.measurement import FolderMeasurement, camera_findings

RECIPE = "recipe.py"
_CROP = "train_dataloader.dataset.crop"
_MOST_SHARP, _SHARP_SIDE = 24, 512  # HR images that are measured, and the largest side of a reduction, pixels


class Choice(NamedTuple):
    """A config of cyclesr and dotted keys that override it."""

    config: str
    options: dict[str, Any]


def own_work_dir(folders: tuple[str, str] | None, work_dir: str | None, *, resume: bool) -> str:
    """Returns the work dir of a training without a config: ``work_dirs/<name of the folder of real images>``.

    Raises:
        UserError: neither folders nor a work dir to resume from.
    """
    if folders is None and not (resume and work_dir):
        raise UserError(
            "Give --hr and --real, the folders of sharp images and of yours, or a config: 'cyclesr list configs' shows "
            "them."
        )
    return work_dir or f"work_dirs/{Path(folders[1]).resolve().name if folders else ''}"


def own_config(
    folders: tuple[str, str] | None,
    place: Path,
    *,
    resume: bool,
    options: dict[str, Any] | None = None,
    scale: int | None = None,
    iterations: int | None = None,
    kind: RecipeKind = "fidelity",
) -> Config:
    """Chooses the config of a training on the user's own images, and says what was found and chosen.

    Resuming takes the config that the training wrote into its work dir, ``recipe.py``.

    Args:
        folders: folders of sharp and of real LR images; None only for resuming.
        place: work dir of the training.
        resume: whether the training is resumed.
        options: config keys (dotted) and values that override what is chosen.
        scale: of HR to LR; None is that of the config.
        iterations: of the training; None chooses.
        kind: whether to choose a training for fidelity or for sharp results, ``perceptual``.

    Returns:
        The config with its ``work_dir``; its ``filename`` is ``recipe.py`` there.

    Raises:
        UserError: images that cannot be trained on, a work dir of another training, or one without ``recipe.py`` to
            resume from.
    """
    stored = place / RECIPE
    if not resume:
        check_unused(place)
    if resume and stored.is_file():
        config = load_config(stored, options, scale)
    else:
        if folders is None or (resume and any(place.glob("iter_*.pth"))):
            raise UserError(f"There is no {stored} to resume from: give the config of the training in {place}.")
        chosen, comment = on_rank_0(lambda: _choose(folders, place, options or {}, scale, iterations, kind))
        config = load_config(chosen.config, {**chosen.options, **(options or {})}, scale)
        config = Config(config.to_dict(), cfg_text=comment, filename=str(stored))
    config.work_dir = str(place)
    return config


def _choose(
    folders: tuple[str, str],
    place: Path,
    options: dict[str, Any],
    scale: int | None,
    iterations: int | None,
    kind: RecipeKind,
) -> tuple[Choice, str]:
    """Measures, chooses and says it. Returns also the comment at the top of the config's file."""
    hr, real = folders
    scale = load_config("own_images/camera", {k: v for k, v in options.items() if k == "scale"}, scale).scale
    channels = _channels(folders, options)
    read = dict(hr=hr, real=real, crop=SMALLEST_CROP, scale=scale, image_channels=channels)
    check_images(read)
    measured = measure_folder(real, channels=channels)
    camera = measured.camera
    recipe = choose_recipe(camera, _reduced(hr, scale, channels), scale, gpu=_on_gpu(), kind=kind)
    config = load_config(recipe.config, {**recipe.options, **options}, scale)
    margin = config.train_dataloader.dataset.get("margin", 0)
    check_images(dict(read, margin=margin))
    store_camera(camera, place)
    config.merge_from_dict(sizes := _sizes(config, folders, options, scale))
    train_on(config, hr, real)
    fill_translator(config, measured.camera)
    length, said = _length(config, measured, iterations or options.get("train_cfg.max_iters"))
    count = len(list_images(real))
    found = camera_findings(FolderMeasurement(Path(real), count, camera, ()), scale)
    lines = [
        f"Measured {len(camera.images)} of the {count} images of {real}{_other_than_rgb(channels)}.",
        *(" ".join(filter(None, (f"{one.title}: {one.text}", one.advice))) for one in found),
        f"Chosen: {recipe.config}, because {recipe.reason}",
        said,
        *(f"Warning: {warning}" for warning in (*recipe.warnings, *_size_warning(hr, real, channels))),
    ]
    print(*lines, sep="\n", flush=True)
    return Choice(recipe.config, {**recipe.options, **sizes, **length}), "\n".join(f"# {line}" for line in lines)


def _size_warning(hr: str, real: str, channels: int) -> Iterator[str]:
    """Yields a warning if the median HR image has no more pixels than the median real image."""
    pixels = [
        float(np.median([math.prod(image_size(path, channels)) for path in list_images(folder)]))
        for folder in (hr, real)
    ]
    if pixels[0] <= pixels[1]:
        yield (
            f"The images of --hr {hr} are not larger than those of --real {real}: the median has "
            f"{pixels[0] / 1e6:.2g} and {pixels[1] / 1e6:.2g} megapixels. This is fine if they are crops. If not, "
            "check that the two folders are not swapped."
        )


def _channels(folders: tuple[str, str], options: dict[str, Any]) -> int:
    """Returns the number of channels to train with: what an option or a given network says, or that of the images."""
    network = options.get("model.sr") or {}
    if "channels" in options or network:
        return int(options.get("channels", network.get("image_channels", 3)))
    return channels_of_folders(*folders)


def _other_than_rgb(channels: int) -> str:
    return "" if channels == 3 else f" ({bands_in_words(channels)})"


def _reduced(hr: str, scale: int, channels: int) -> CameraMeasurement:
    """Measures HR images that are reduced by the scale, their central parts."""
    return measure_images(_reductions(evenly_spread(list_images(hr), _MOST_SHARP), scale, channels))


def _reductions(paths: Iterable[Path], scale: int, channels: int) -> Iterator[np.ndarray]:
    for path in paths:
        image = read_image(path, channels)
        height, width = (min(side // scale, _SHARP_SIDE) for side in image.shape[:2])
        top, left = ((whole - scale * side) // 2 for whole, side in zip(image.shape, (height, width), strict=False))
        middle = to_tensor(image[top : top + scale * height, left : left + scale * width])
        yield imresize(middle, size=(height, width)).clamp(0, 1).permute(1, 2, 0).numpy()


def _sizes(config: Config, folders: tuple[str, str], options: dict[str, Any], scale: int) -> dict[str, Any]:
    """Returns options for crops that fit the smallest image, and for as many loaders as there are cores."""
    loader = config.train_dataloader
    found = {"train_dataloader.num_workers": min(loader.num_workers, os.cpu_count() or 1)}
    if _CROP not in options:
        channels = loader.dataset.get("image_channels", 3)
        hr, real = (min(min(image_size(path, channels)) for path in list_images(folder)) for folder in folders)
        smallest = min(real, hr // scale - 2 * loader.dataset.get("margin", 0))
        crop, batch_size = fitting_crops(loader.dataset.crop, loader.batch_size, smallest)
        found |= {_CROP: crop, "train_dataloader.batch_size": batch_size}
    return {key: value for key, value in found.items() if key not in options}


def _length(config: Config, measured: Measured, iterations: int | None) -> tuple[dict[str, Any], str]:
    """Returns an option for the number of iterations, and a sentence about the length of the training."""
    taken = measured if takes_measurement(config) else None
    alone = get_world_size() == 1  # otherwise a step waits for the other ranks
    seconds = seconds_per_iteration(config, taken) if alone else None
    count = iterations or config.train_cfg.max_iters
    if not (iterations or _on_gpu() or seconds is None):
        count = iterations_within(CPU_MINUTES, seconds, most=count)
    data = config.train_dataloader
    threads = torch.get_num_threads()
    device = torch.cuda.get_device_name() if _on_gpu() else f"{threads} CPU thread{'s' * (threads > 1)}"
    crops = f"{data.batch_size} crops of {data.dataset.crop}x{data.dataset.crop} pixels"
    expected = f", about {_minutes(count * seconds / 60)}" if seconds else ""
    return (
        {"train_cfg.max_iters": count},
        f"Training: {count} iterations of {crops} on {device}{expected}. --iterations N makes it shorter or longer.",
    )


def _minutes(minutes: float) -> str:
    return f"{minutes:.0f} minutes" if minutes >= 1.5 else "a minute"


def _on_gpu() -> bool:
    return bool(mmengine.device.get_device() == "cuda")
