"""Measurement of the user's images before a training, for a translator that is measured instead of learned."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config
from mmengine.logging import print_log

from cyclesr.degradations.camera import CameraMeasurement, measure_files
from cyclesr.degradations.camera.stored import store_camera, stored_camera
from cyclesr.engine.ranks import on_rank_0
from cyclesr.errors import printable
from cyclesr.images.listing import list_images
from cyclesr.registry import TRANSLATORS

_MOST = 64  # images that are measured of a larger folder


class Measured(NamedTuple):
    """The measurement of a camera and the files it was made of."""

    camera: CameraMeasurement
    paths: list[Path]


def measure_camera(config: Config, *, stored: bool = False) -> Measured | None:
    """Measures the folder ``real`` if the translator needs it, and fills the translator's config.

    The config in the work dir and in checkpoints holds the result. Measurements of single images are not written to the
    config: :func:`hand_over` gives them to the model. ``camera.json`` in the work dir, if the config has one, holds
    everything.

    A translator class that is measured has ``needs_measurement(config)`` and ``measured(config, camera)``, and its
    objects have ``take(camera, paths)``.

    Args:
        config: changed in place.
        stored: whether to take the measurement in the work dir if there is one, as resuming does. One beside the file
            of the config is taken if its images have the same names.

    Returns:
        The measurement; None if the translator needs none.

    Raises:
        UserError: images that cannot be read, or too few edges in them.
    """
    if not takes_measurement(config):
        return None
    data = config.train_dataloader.dataset
    camera = on_rank_0(lambda: _stored_or_measured(config, stored))
    fill_translator(config, camera)
    return _of_folder(camera, data["real"])


def takes_measurement(config: Config) -> bool:
    """Returns whether the translator of a config lacks something that is measured."""
    translator = (config.get("model") or {}).get("translator")
    if not translator or "type" not in translator:  # building it says what is wrong
        return False
    kind: Any = TRANSLATORS.get(translator["type"])
    return hasattr(kind, "measured") and bool(kind.needs_measurement(translator))


def _stored_or_measured(config: Config, stored: bool) -> CameraMeasurement:
    data, work_dir = config.train_dataloader.dataset, config.get("work_dir")
    if stored and work_dir and (found := stored_camera(Path(work_dir))) is not None:
        return found
    channels = data.get("image_channels", 3)
    camera = _beside(config) or measure_folder(data["real"], data.get("real_range"), channels).camera
    if work_dir:
        store_camera(camera, Path(work_dir))
    return camera


def _beside(config: Config) -> CameraMeasurement | None:
    """Returns the measurement beside the file of a config that a training wrote, if it is of the same images."""
    data = config.train_dataloader.dataset
    found = stored_camera(Path(config.filename).parent) if config.filename else None
    names = [path.name for path in _chosen(data["real"], data.get("real_range"))]
    return found if found is not None and [image.name for image in found.images] == names else None


def _of_folder(camera: CameraMeasurement, folder: str | Path) -> Measured:
    return Measured(camera, [Path(folder, image.name) for image in camera.images])


def measure_folder(folder: str | Path, numbers: tuple[int, int] | None = None, channels: int = 3) -> Measured:
    """Measures at most 64 images of a folder, evenly spread over it.

    Args:
        folder: folder of images.
        numbers: (first, last) of those that count, see :func:`~cyclesr.images.listing.image_names`.
        channels: number of channels of the images.

    Raises:
        UserError: no images, or one that cannot be read.
    """
    chosen = _chosen(folder, numbers)
    print_log(printable(f"Measuring the camera on {len(chosen)} images of {Path(folder)} ..."), logger="current")
    return _of_folder(measure_files(chosen, channels=channels), folder)


def _chosen(folder: str | Path, numbers: tuple[int, int] | None) -> Sequence[Path]:
    return evenly_spread(list_images(folder, numbers), _MOST)


def evenly_spread(paths: Sequence[Path], most: int) -> Sequence[Path]:
    """Returns at most so many paths, evenly spread over all."""
    count = min(len(paths), most)
    return [paths[number * len(paths) // count] for number in range(count)]


def fill_translator(config: Config, camera: CameraMeasurement) -> None:
    """Writes a measurement into the config of the translator, if it needs one."""
    if takes_measurement(config):
        translator = config.model.translator
        kind: Any = TRANSLATORS.get(translator["type"])
        config.model.translator = kind.measured(dict(translator), camera)


def hand_over(measured: Measured | None, model: Any) -> None:
    """Gives a measurement to the translator of a model; None gives nothing."""
    if measured is not None:
        model.translator.take(measured.camera, measured.paths)
