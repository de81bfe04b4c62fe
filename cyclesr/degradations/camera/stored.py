"""The measurement of a camera in the work dir of a training."""

import json
from pathlib import Path

import numpy as np

from cyclesr.atomic_write import write_whole_text
from cyclesr.degradations.camera.measurement import CameraMeasurement
from cyclesr.errors import UserError

STORED = "camera.json"


def store_camera(camera: CameraMeasurement, work_dir: Path) -> None:
    """Writes a measurement to ``camera.json`` in a work dir."""
    write_whole_text(work_dir / STORED, json.dumps(camera.to_dict()) + "\n")


def stored_camera(work_dir: Path) -> CameraMeasurement | None:
    """Reads ``camera.json`` in a work dir; None if there is none.

    Raises:
        UserError: the file is damaged.
    """
    file = work_dir / STORED
    if not file.is_file():
        return None
    try:
        camera = CameraMeasurement.from_dict(json.loads(file.read_text(encoding="utf-8")))
        _check_numbers(camera)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"The measurement {file} is damaged ({type(error).__name__}: {error}): delete it, and your images are "
            "measured again."
        ) from error
    return camera


def _check_numbers(camera: CameraMeasurement) -> None:
    """Raises ValueError or TypeError if a measurement that was read holds something else where numbers belong."""
    if not camera.images:
        raise ValueError("it has no images")
    for image in camera.images:
        noise = [] if image.noise is None else [*vars(image.noise).values()]
        single = (image.height, image.width, image.edges, image.channels, image.bits, image.largest)
        for numbers in (*image.edge_spectra, image.edge_weights, single, *noise):
            if numbers is not None:
                np.asarray(numbers, dtype=np.float64)
