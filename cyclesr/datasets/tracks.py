"""Data of experiments with a simulated track: HR photographs, *other* photographs as real LR, and held-out pairs.

Both functions write the same folders: ``hr``, ``real``, ``valid/hr`` and ``valid/lr``. The folder ``hidden`` (the true
LR images of ``hr``) and ``manifest.json`` (kernels and noise, written last) are only for analysis.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from cyclesr.datasets.simulation import default_scale, refuse_other_images, simulate_track, write_manifest
from cyclesr.errors import UserError
from cyclesr.images.listing import list_images
from cyclesr.images.reading import read_image, without_surplus
from cyclesr.images.writing import write_image

# The demo's photographs. They are part of the scikit-image and scikit-learn wheels, so nothing is downloaded.
DEMO_HR = ("astronaut.png", "motorcycle_left.png", "grass.png", "brick.png", "hubble_deep_field.jpg", "china.jpg")
DEMO_REAL = ("rocket.jpg", "ihc.png", "gravel.png", "camera.png", "retina.jpg", "flower.jpg")
DEMO_HELD_OUT = ("coffee.png", "chelsea.png", "coins.png")
_WHEELS = {"skimage": "data", "sklearn": "datasets/images"}

Photos = dict[str, Path]


def make_demo(
    out: str | Path, seed: int = 0, scale: int = 4, sigma_x: float = 3.2, sigma_y: float = 1.8
) -> dict[str, Any]:
    """Makes the demo's data, with real LR images from a hidden anisotropic Gaussian blur.

    Args:
        out: folder of the experiment.
        seed: seed of the blur's angle.
        scale: HR size / LR size.
        sigma_x: standard deviation of the blur along its first axis, in HR pixels.
        sigma_y: standard deviation of the blur along its second axis, in HR pixels.

    Returns:
        The folders, see :func:`lay_out`.

    Raises:
        UserError: scikit-image or scikit-learn is not installed, or does not contain a photograph.
    """
    hr, real, held_out = (
        {Path(name).stem: _in_wheels(name) for name in names} for names in (DEMO_HR, DEMO_REAL, DEMO_HELD_OUT)
    )
    return lay_out(hr, real, held_out, Path(out), "unknown", scale, seed, blur=dict(sigma_x=sigma_x, sigma_y=sigma_y))


def split_and_simulate(
    hr: str | Path, track: str, out: str | Path, scale: int | None = None, seed: int = 0
) -> dict[str, Any]:
    """Splits a folder of photographs at random: two fifths as HR, two fifths as real LR, one fifth held out.

    Args:
        hr: folder of at least five photographs.
        track: ``unknown``, ``mild``, ``wild``, ``phone`` or ``dslr``.
        out: folder of the experiment. The photographs get numbers as names.
        scale: HR size / LR size; by default that of :func:`~cyclesr.datasets.simulation.default_scale`.
        seed: seed of the split, the kernels and the noise.

    Returns:
        The folders, see :func:`lay_out`.

    Raises:
        UserError: there are fewer than five photographs; or see
            :func:`~cyclesr.datasets.simulation.simulate_track`.
    """
    paths = list_images(hr)
    if len(paths) < 5:
        raise UserError(
            f"A split into HR, real LR and held-out images needs at least 5 photographs; {hr} holds {len(paths)}."
        )
    order = np.random.default_rng((seed, 2)).permutation(len(paths))
    photos = [(f"{place + 1:04d}", paths[place]) for place in order]
    scale = default_scale(track) if scale is None else scale
    first, second = len(photos) * 2 // 5, len(photos) * 4 // 5
    return lay_out(
        dict(photos[:first]), dict(photos[first:second]), dict(photos[second:]), Path(out), track, scale, seed
    )


def lay_out(
    hr: Photos,
    real: Photos,
    held_out: Photos,
    out: Path,
    track: str,
    scale: int,
    seed: int,
    blur: dict[str, float] | None = None,
) -> dict[str, Any]:
    """Writes the folders of an experiment. Photographs are cropped to multiples of the scale.

    Args:
        hr: HR photographs by name.
        real: photographs by name whose LR images are the real LR images.
        held_out: photographs by name of the validation pairs.
        out: folder of the experiment.
        track: see :func:`~cyclesr.datasets.simulation.simulate_track`.
        scale: HR size / LR size.
        seed: seed of the kernels and the noise.
        blur: see :func:`~cyclesr.datasets.simulation.simulate_track`.

    Returns:
        The paths ``hr``, ``real``, ``valid_hr``, ``valid_lr``, ``hidden_lr`` and ``manifest``, and the ``scale``.
    """
    folders = dict(hr=out / "hr", valid_hr=out / "valid" / "hr")
    _copy(hr, folders["hr"], scale)
    _copy(held_out, folders["valid_hr"], scale)
    lr = dict(real=out / "real", valid_lr=out / "valid" / "lr", hidden_lr=out / "hidden")
    truths = [
        simulate_track(photos, folder, track, scale, seed, variants=4 if folder.name == "real" else 1, blur=blur)
        for photos, folder in zip((real, held_out, hr), lr.values(), strict=True)
    ]
    write_manifest(out / "manifest.json", *truths)
    return {**folders, **lr, "manifest": out / "manifest.json", "scale": scale}


def _copy(photos: Photos, folder: Path, scale: int) -> None:
    refuse_other_images(folder, [f"{name}.png" for name in photos])
    for name, path in photos.items():
        write_image(folder / f"{name}.png", without_surplus(read_image(path), scale, path))


def _in_wheels(name: str) -> Path:
    for package, folder in _WHEELS.items():
        spec = find_spec(package)
        for place in (spec.submodule_search_locations or []) if spec else []:
            if (Path(place) / folder / name).is_file():
                return Path(place) / folder / name
    raise UserError(
        f"The photograph {name} was not found in scikit-image or scikit-learn: pip install 'cyclesr[demo]'."
    )
