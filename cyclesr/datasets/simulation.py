"""Simulated challenge tracks: LR images made from any HR folder with a degradation that is hidden from training.

LR = noise(bicubic(blur(HR))) in 8 bits. The blur is applied to HR and includes the motion and the sub-pixel shift; the
downsampling is MATLAB's antialiased bicubic. The degradations of the real NTIRE tracks were never published. These have
the same components but other values, so results on them are not comparable with results on NTIRE data.

=======  ==============  ===========================================  ===============  ==================
track    like            blur                                         noise            one for all images
=======  ==============  ===========================================  ===============  ==================
unknown  NTIRE 2017 T2   anisotropic Gaussian                         none             yes
mild     NTIRE 2018 T2   linear motion, Gaussian, sub-pixel shift     Poisson          yes
wild     NTIRE 2018 T4   the same, varying strength                   Poisson, varies  no
=======  ==============  ===========================================  ===============  ==================

The tracks ``phone`` and ``dslr`` take bicubic LR as the scene that a camera photographs, with the MTF of a real one:
blur, sharpening, sensor noise, denoising and JPEG, all of which vary between images. See
:mod:`cyclesr.degradations.camera.pipeline`.
"""

import json
import os
import zlib
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cyclesr.atomic_write import write_whole_bytes, write_whole_text
from cyclesr.degradations.bicubic import Bicubic
from cyclesr.degradations.blur import Blur
from cyclesr.degradations.camera.pipeline import CAMERAS, CameraSettings, draw_settings, photograph
from cyclesr.degradations.kernels import blur_kernel
from cyclesr.errors import UserError
from cyclesr.images.jpeg import encode_jpeg
from cyclesr.images.listing import SUFFIXES, by_stem, list_images
from cyclesr.images.reading import read_image, without_surplus
from cyclesr.images.tensors import to_array, to_tensor
from cyclesr.images.writing import write_image

# Each track and the letter in the names of its files, as in DIV2K.
TRACK_LETTERS = {"unknown": "", "mild": "m", "wild": "w", "phone": "p", "dslr": "d"}

Manifest = dict[str, Any]
Watch = Callable[[Iterable[str]], Iterable[str]]


def make_track(
    hr: str | Path,
    out: str | Path,
    track: str,
    scale: int | None = None,
    seed: int = 0,
    *,
    numbers: tuple[int, int] | None = None,
    variants: int = 4,
    blur: dict[str, float] | None = None,
    shot: float | None = None,
    watch: Watch = iter,
) -> None:
    """Writes the LR images of a track and ``manifest.json`` with their true degradations, which is only for analysis.

    Args:
        hr: folder of HR images.
        out: folder of the LR images and the manifest.
        numbers: (first, last): uses only HR files whose number is in this range, inclusive.
        track, scale, seed, variants, blur, shot, watch: see :func:`simulate_track`.

    Raises:
        UserError: the folder ``hr`` does not exist or has no images; or see :func:`simulate_track`.
    """
    photos = by_stem(list_images(hr, numbers))
    truth = simulate_track(photos, out, track, scale, seed, variants=variants, blur=blur, shot=shot, watch=watch)
    write_manifest(Path(out) / "manifest.json", truth)


def simulate_track(
    photos: dict[str, Path],
    out: str | Path,
    track: str,
    scale: int | None = None,
    seed: int = 0,
    *,
    variants: int = 4,
    blur: dict[str, float] | None = None,
    shot: float | None = None,
    watch: Watch = iter,
) -> Manifest:
    """Writes LR images, named as in DIV2K: 0001x4.png, 0001x4m.png, 0001x4w1.png ... 0001x4w4.png; or 0001x2p.jpg.

    The degradation of an image depends only on the seed and its name, not on the other images. HR images whose sides
    are not multiples of the scale are cropped at the bottom and right.

    Args:
        photos: HR files by name, such as ``0001``.
        out: folder of the LR images.
        track: ``unknown``, ``mild``, ``wild``, ``phone`` or ``dslr``.
        scale: HR size / LR size; by default that of :func:`default_scale`.
        seed: seed of the kernels and the noise.
        variants: number of LR images per HR image for ``wild``. With 1, as in validation sets, the name ends in ``w``.
        blur: arguments of :func:`~cyclesr.degradations.kernels.blur_kernel`, in HR pixels, that replace random ones.
        shot: noise variance at signal 1 for all images, instead of the track's.
        watch: wraps the names of the LR images, for a progress bar.

    Returns:
        The manifest with ``track``, ``scale``, ``seed`` and ``images``. For the name of each LR image, ``images`` has
        ``hr`` (name of the HR image), ``kernel`` (arguments of ``blur_kernel``, in HR pixels) and ``shot`` (noise
        variance at signal 1); for ``phone`` and ``dslr``, ``hr`` and the settings of the camera.

    Raises:
        UserError: the track is unknown, an image is corrupt or smaller than the scale, ``out`` contains other images,
            or ``blur`` or ``shot`` is given for a camera.
    """
    if track not in TRACK_LETTERS:
        raise UserError(f"There is no track {track!r}: choose one of {', '.join(TRACK_LETTERS)}.")
    if track in CAMERAS and (blur or shot is not None):
        raise UserError(f"The track {track!r} has the blur and the noise of a camera: leave out the options for them.")
    scale = default_scale(track) if scale is None else scale
    images = _plan(list(photos), track, scale, seed, variants, blur or {}, shot)
    refuse_other_images(Path(out), images)
    for name in watch(images):
        random = np.random.default_rng((seed, zlib.crc32(os.fsencode(name))))
        photo = photos[images[name]["hr"]]
        hr = without_surplus(read_image(photo), scale, photo)
        _write(Path(out) / name, simulate(hr, images[name], scale, random), images[name])
    return dict(track=track, scale=scale, seed=seed, images=images)


def default_scale(track: str) -> int:
    """Returns 2 for the tracks of a camera and 4, that of the NTIRE challenges, for the others."""
    return 2 if track in CAMERAS else 4


def write_manifest(path: Path, *truths: Manifest) -> None:
    """Writes the manifests of one or several calls of :func:`simulate_track` to one file, with the images merged."""
    images = {name: entry for truth in truths for name, entry in truth["images"].items()}
    write_whole_text(path, json.dumps({**truths[0], "images": images}, indent=1) + "\n")


def simulate(hr: np.ndarray, entry: dict[str, Any], scale: int, random: np.random.Generator) -> np.ndarray:
    """Degrades ``(H, W, 3)`` uint8 or uint16 to ``(H / scale, W / scale, 3)`` uint8 with one entry of a manifest."""
    if "mtf" in entry:
        ideal = Bicubic(scale)(to_tensor(hr)[None])[0]
        return to_array(photograph(ideal, _settings(entry), random))
    degrade = torch.nn.Sequential(Blur(kernel=blur_kernel(**entry["kernel"])), Bicubic(scale))
    lr = degrade(to_tensor(hr)[None])[0]
    if entry["shot"]:
        lr = torch.from_numpy(random.poisson(lr.double().numpy() / entry["shot"]) * entry["shot"])
    return to_array(lr)


def _settings(entry: dict[str, Any]) -> CameraSettings:
    return CameraSettings(**{**{key: value for key, value in entry.items() if key != "hr"}, "mtf": tuple(entry["mtf"])})


def _write(path: Path, lr: np.ndarray, entry: dict[str, Any]) -> None:
    """Writes an LR image; one of a camera as the JPEG that the camera makes."""
    if "quality" not in entry:
        write_image(path, lr)
        return
    write_whole_bytes(path, encode_jpeg(lr, entry["quality"], entry["subsampling"]), flush=False)


def _plan(
    names: list[str], track: str, scale: int, seed: int, variants: int, blur: dict[str, float], shot: float | None
) -> dict[str, dict[str, Any]]:
    """Draws the degradation of each LR image of the track, by name."""
    if track in CAMERAS:
        return {name: entry for photo in names for name, entry in [_photograph_of(photo, track, scale, seed)]}
    endings = [""] if track != "wild" or variants == 1 else [str(k) for k in range(1, variants + 1)]
    plan = {}
    for photo in names:
        for ending in endings:
            name = f"{photo}x{scale}{TRACK_LETTERS[track]}{ending}.png"
            # One random stream for all images, or one per name for wild. The last number separates it from the noise's.
            key = (seed, zlib.crc32(os.fsencode(name)) if track == "wild" else 0, 1)
            kernel, drawn = _draw(track, scale, np.random.default_rng(key))
            plan[name] = dict(hr=photo, kernel={**kernel, **blur}, shot=drawn if shot is None else shot)
    return plan


def _photograph_of(photo: str, camera: str, scale: int, seed: int) -> tuple[str, dict[str, Any]]:
    name = f"{photo}x{scale}{TRACK_LETTERS[camera]}.jpg"
    settings = draw_settings(camera, np.random.default_rng((seed, zlib.crc32(os.fsencode(name)), 1)))
    return name, dict(hr=photo, **asdict(settings))


def _draw(track: str, scale: int, random: np.random.Generator) -> tuple[dict[str, Any], float]:
    """Draws the kernel (with lengths in HR pixels, hence proportional to the scale) and the noise of a track."""

    def between(low: float, high: float) -> float:
        return round(float(random.uniform(low, high)), 4)

    angle = between(0, 180)
    if track == "unknown":
        return dict(
            sigma_x=between(0.6 * scale, 0.9 * scale), sigma_y=between(0.35 * scale, 0.55 * scale), angle=angle
        ), 0.0
    shift = [between(-scale / 2, scale / 2), between(-scale / 2, scale / 2)]
    if track == "mild":
        motion = dict(sigma_x=0.3 * scale, length=between(scale, 2 * scale), direction=angle, shift=shift)
        return motion, 5e-4
    low, high = 0.15 * scale, 0.5 * scale
    sigmas = dict(sigma_x=between(low, high), sigma_y=between(low, high), angle=angle)
    motion = dict(length=between(0, 2.5 * scale), direction=between(0, 180), shift=shift)
    return {**sigmas, **motion}, round(10 ** between(-4, -2.8), 7)


def refuse_other_images(out: Path, planned: Iterable[str]) -> None:
    """Raises UserError if a folder contains images other than those about to be written."""
    present = [p.name for p in out.iterdir() if p.suffix.lower() in SUFFIXES] if out.is_dir() else []
    other = sorted(set(present) - set(planned))
    if other:
        raise UserError(
            f"{out} holds {len(other)} images that do not belong to this run, such as {other[0]}, and training would "
            "use them, too: remove them or choose another folder."
        )
