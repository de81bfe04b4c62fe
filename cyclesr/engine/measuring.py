"""Measurement of the user's images before a training, for a translator that is measured instead of learned."""

from pathlib import Path

from mmengine.config import Config
from mmengine.logging import print_log

from cyclesr.degradations.camera import measure_files
from cyclesr.images.listing import list_images
from cyclesr.registry import TRANSLATORS

_MOST = 64  # images that are measured of a larger folder, evenly spread over it


def measure_camera(config: Config) -> None:
    """Measures the folder ``real`` where the translator's class has a method ``measured``, and fills its config.

    The config in the work dir and in checkpoints holds the result. Resuming measures again, with the same result if
    the images are the same.

    Args:
        config: changed in place.

    Raises:
        UserError: images that cannot be read, or too few edges in them.
    """
    translator = (config.get("model") or {}).get("translator")
    if translator is None or translator.get("mtf") is not None:
        return
    measured = getattr(TRANSLATORS.get(translator["type"]), "measured", None)
    if measured is None:
        return
    data = config.train_dataloader.dataset
    paths = list_images(data["real"], data.get("real_range"))
    chosen = paths[:: -(-len(paths) // _MOST)]
    print_log(f"Measuring the camera on {len(chosen)} images of {Path(data['real'])} ...", logger="current")
    config.model.translator = measured(dict(translator), measure_files(chosen))
