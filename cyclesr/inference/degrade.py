"""Degradation of a folder of HR images into real-looking LR images, on which any SR network can be trained."""

import os
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cyclesr.datasets.simulation import refuse_other_images
from cyclesr.errors import UserError
from cyclesr.images.listing import list_images
from cyclesr.images.reading import read_picture, without_surplus
from cyclesr.images.tensors import to_array, to_tensor
from cyclesr.images.writing import suffix_for, write_image
from cyclesr.inference.files import (
    Report,
    choose_device,
    name_outputs,
    notes_on_folder,
    process_each,
    to_do,
    total_report,
)
from cyclesr.inference.meta_info import check_meta_info, write_meta_info
from cyclesr.inference.ranks import ALONE, Ranks
from cyclesr.inference.translator import LearntDegradation, load_degradation
from cyclesr.inference.upscale import Upscaler


def degrade_folder(
    checkpoint: str | Path,
    hr: str | Path,
    out: str | Path,
    *,
    draws: int = 1,
    seed: int = 0,
    hr_out: str | Path | None = None,
    meta_info: str | Path | None = None,
    tile: int | str | None = "auto",
    overlap: int = 32,
    device: str = "auto",
    skip_existing: bool = False,
    ranks: Ranks = ALONE,
) -> tuple[Report, list[Path]]:
    """Degrades every HR image of a folder, writes the results as 8-bit PNG files of the same names and shows progress.

    The noise of an image depends only on the seed, the image's file name and the number of the draw, not on the other
    images. If the HR size is not a multiple of the scale, the surplus rows at the bottom and columns at the right are
    ignored.

    Args:
        checkpoint: ``.pth`` checkpoint written by a training of CollaborativeSR.
        hr: folder of HR images.
        out: folder of the LR images. With several draws, they go into its subfolders ``draw1``, ``draw2`` ...
        draws: number of LR images per HR image. More than one requires a translator that takes noise.
        seed: seed of the noise.
        hr_out: folder to which the HR images are written as 8-bit PNG, without the surplus rows and columns.
        meta_info: file to write with a line ``name (height,width,channels)`` for each HR image in ``hr_out``, as
            BasicSR's ``meta_info_file``.
        tile: side of a tile in LR pixels, see :class:`~cyclesr.inference.upscale.Upscaler`.
        overlap: overlap of tiles in LR pixels, see the same class.
        device: ``auto``, ``cpu``, ``cuda`` ...
        skip_existing: whether LR files that are there already are left as they are.
        ranks: this process among those that share the files; every process returns what all of them did.

    Returns:
        The report (LR files written, and one line per image that failed), and the HR images that have surplus rows or
        columns.

    Raises:
        UserError: the checkpoint, a folder or a setting is invalid; an output folder holds images that do not belong
            to this run, or images of a run with another number of draws; the folders of LR and HR images are the same
            or nested; several draws are asked of a translator that takes no noise; or ``meta_info`` is asked for
            without ``hr_out``, inside an output folder or for names that its lines cannot hold.
    """
    if draws < 1:
        raise UserError(f"--draws must be at least 1, found {draws}.")
    sources = list_images(hr)
    place = choose_device(device)
    learnt = load_degradation(checkpoint, place)
    names = [target.name for target in name_outputs(sources, Path(out), suffix_for(learnt.image_channels))]
    folders = [Path(out)] if draws == 1 else [Path(out) / f"draw{k}" for k in range(1, draws + 1)]
    for folder in [*folders, *([Path(hr_out)] if hr_out else [])]:
        refuse_other_images(folder, names)
    _refuse_other_draws(Path(out), folders)
    if hr_out:
        _refuse_nested(Path(out), Path(hr_out))
    if meta_info:
        check_meta_info(Path(meta_info), hr_out, Path(out), names)
    if draws > 1:
        _check_noise(learnt, place, checkpoint)
    tiled = Upscaler(learnt, 1, place, tile, overlap, batch=1)  # the noise must not depend on the memory of a GPU

    larger: dict[Path, None] = {}
    notes: dict[str, None] = {}

    def work(source: Path, target: Path) -> None:
        picture = read_picture(source, learnt.image_channels)
        notes.update((f"{source} {note}.", None) for note in picture.notes)
        whole = picture.pixels
        image = without_surplus(whole, learnt.scale, source)
        if image.shape != whole.shape:
            larger[source] = None
        beside = Path(hr_out) / target.name if hr_out and target.parent == folders[0] else None
        if beside:
            write_image(beside, to_array(to_tensor(image)))  # 8-bit, like the LR images
        try:
            with torch.random.fork_rng([place] if place.type == "cuda" else []):
                torch.manual_seed(_own_seed(seed, source.name, folders.index(target.parent)))
                write_image(target, to_array(tiled(_source(learnt, image, place))))
        except Exception:
            if beside:  # programs that read whole folders expect pairs
                beside.unlink(missing_ok=True)
            raise

    pairs = [(source, folder / name) for source, name in zip(sources, names, strict=True) for folder in folders]
    own, skipped = to_do(pairs, ranks, skip_existing)
    report = process_each(own, work, len(own), shown=ranks.number == 0)
    report.skipped = skipped
    report.notes += [*(notes_on_folder(hr) if ranks.number == 0 else []), *notes]
    outcomes = ranks.gathered((report, list(larger)))
    if meta_info and hr_out and ranks.number == 0:
        write_meta_info(Path(meta_info), Path(hr_out), folders, names, learnt.image_channels)
    return total_report(one for one, _ in outcomes), [path for _, paths in outcomes for path in paths]


def _refuse_other_draws(out: Path, folders: list[Path]) -> None:
    """Raises a UserError if ``out`` holds images of a run with another number of draws, which this run would keep."""
    others = [path.name for path in sorted(out.glob("draw[0-9]*")) if path.is_dir() and path not in folders]
    if others:
        raise UserError(
            f"{out} holds {others[0]} from a run with another number of --draws. A training on {out} would use its "
            "images too: remove it or choose another output folder."
        )
    if out not in folders:
        refuse_other_images(out, [])


def _refuse_nested(out: Path, hr_out: Path) -> None:
    """Raises a UserError if one output folder contains the other: HR images could then overwrite LR images."""
    lr, hr = out.resolve(), hr_out.resolve()
    if lr.is_relative_to(hr) or hr.is_relative_to(lr):
        raise UserError(
            f"The folders of LR images ({out}) and HR images (--hr-out {hr_out}) must not be the same or nested: "
            "choose an --hr-out elsewhere."
        )


@torch.inference_mode()
def _source(learnt: LearntDegradation, image: np.ndarray, device: torch.device) -> Tensor:
    return learnt.source(to_tensor(image)[None].to(device))[0]


def _own_seed(seed: int, name: str, draw: int) -> int:
    return int(np.random.SeedSequence((seed, zlib.crc32(os.fsencode(name)), draw)).generate_state(1)[0])


@torch.inference_mode()
def _check_noise(learnt: LearntDegradation, device: torch.device, checkpoint: str | Path) -> None:
    side = 64 * learnt.scale
    source = learnt.source(torch.full((1, learnt.image_channels, side, side), 0.5, device=device))
    if torch.equal(learnt(source), learnt(source)):
        raise UserError(
            f"The translator in {checkpoint} takes no noise, so all draws would be the same image: remove --draws."
        )
