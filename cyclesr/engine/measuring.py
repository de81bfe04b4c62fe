"""Measurement of the user's images before a training, for a translator that is measured instead of learned."""

from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config
from mmengine.logging import print_log

from cyclesr.degradations.camera import CameraMeasurement, measure_files
from cyclesr.images.listing import list_images
from cyclesr.registry import TRANSLATORS

_MOST = 64  # images that are measured of a larger folder, evenly spread over it


class Measured(NamedTuple):
    """The measurement of a camera and the files it was made of."""

    camera: CameraMeasurement
    paths: list[Path]


def measure_camera(config: Config) -> Measured | None:
    """Measures the folder ``real`` if the translator needs it, and fills the translator's config.

    The config in the work dir and in checkpoints holds the result. Resuming measures again, with the same result if
    the images are the same. Measurements of single images are not written to the config: :func:`hand_over` gives them
    to the model.

    A translator class that is measured has ``needs_measurement(config)`` and ``measured(config, camera)``, and its
    objects have ``take(camera, paths)``.

    Args:
        config: changed in place.

    Returns:
        The measurement; None if the translator needs none.

    Raises:
        UserError: images that cannot be read, or too few edges in them.
    """
    translator = (config.get("model") or {}).get("translator")
    if translator is None:
        return None
    kind: Any = TRANSLATORS.get(translator["type"])
    if not hasattr(kind, "measured") or not kind.needs_measurement(translator):
        return None
    data = config.train_dataloader.dataset
    paths = list_images(data["real"], data.get("real_range"))
    chosen = paths[:: -(-len(paths) // _MOST)]
    print_log(f"Measuring the camera on {len(chosen)} images of {Path(data['real'])} ...", logger="current")
    camera = measure_files(chosen)
    config.model.translator = kind.measured(dict(translator), camera)
    return Measured(camera, chosen)


def hand_over(measured: Measured | None, model: Any) -> None:
    """Gives a measurement to the translator of a model; None gives nothing."""
    if measured is not None:
        model.translator.take(measured.camera, measured.paths)
