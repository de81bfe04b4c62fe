"""The body of ``tools/degrade.py``: real-looking LR images of a folder of HR images, to train any SR network on."""

import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cyclesr.datasets.simulation import refuse_other_images
from cyclesr.errors import UserError
from cyclesr.images.listing import list_images
from cyclesr.images.reading import read_image, without_surplus
from cyclesr.images.tensors import to_array, to_tensor
from cyclesr.images.writing import write_image
from cyclesr.inference.files import Report, choose_device, name_outputs, process_each
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
    tile: int | str | None = "auto",
    overlap: int = 32,
    device: str = "auto",
) -> tuple[Report, list[Path]]:
    """Writes an 8-bit PNG of the same name for every HR image, and shows progress.

    An image depends on the seed, its name and the number of the draw, not on the other images. Rows and columns of HR
    beyond a multiple of the scale, at the bottom and right, have no LR pixel.

    Args:
        checkpoint: of a training of CollaborativeSR.
        hr: folder of HR images.
        out: folder of the LR images; with several draws its subfolders ``draw1``, ``draw2`` ... hold them.
        draws: LR images of each HR, for translators that take noise.
        seed: of the noise.
        hr_out: folder that gets the HR images as 8-bit PNG, without the surplus rows and columns.
        tile, overlap: in LR pixels, see :class:`~cyclesr.inference.upscale.Upscaler`.
        device: ``auto``, ``cpu``, ``cuda`` ...

    Returns:
        The new LR files with a line for each image that failed, and the HR images that have surplus rows or columns.

    Raises:
        UserError: a mistake in the checkpoint, a folder or a setting; other images in a folder that is written to, or
            those of another number of draws; one folder for LR and HR images, or one of them in the other; or several
            draws of a translator that takes no noise.
    """
    if draws < 1:
        raise UserError(f"--draws is a number from 1 on; found {draws}.")
    sources = list_images(hr)
    folders = [Path(out)] if draws == 1 else [Path(out) / f"draw{k}" for k in range(1, draws + 1)]
    for folder in [*folders, *([Path(hr_out)] if hr_out else [])]:
        refuse_other_images(folder, [path.name for path in name_outputs(sources, folder)])
    _refuse_other_draws(Path(out), folders)
    if hr_out:
        _refuse_nested(Path(out), Path(hr_out))
    place = choose_device(device)
    learnt = load_degradation(checkpoint, place)
    if draws > 1:
        _check_noise(learnt, place, checkpoint)
    tiled = Upscaler(learnt, 1, place, tile, overlap)

    larger: dict[Path, None] = {}

    def work(source: Path, target: Path) -> None:
        whole = read_image(source)
        image = without_surplus(whole, learnt.scale, source)
        if image.shape != whole.shape:
            larger[source] = None
        if hr_out and target.parent == folders[0]:
            write_image(Path(hr_out) / target.name, to_array(to_tensor(image)))  # pairs are 8-bit
        with torch.random.fork_rng([place] if place.type == "cuda" else []):
            torch.manual_seed(_own_seed(seed, source.name, folders.index(target.parent)))
            write_image(target, to_array(tiled(_source(learnt, image, place))))

    pairs = [(source, folder / f"{source.stem}.png") for source in sources for folder in folders]
    return process_each(pairs, work, len(pairs)), list(larger)


def _refuse_other_draws(out: Path, folders: list[Path]) -> None:
    """Raises a UserError where a run with another number of draws has left images that this one would not replace."""
    others = [path.name for path in sorted(out.glob("draw[0-9]*")) if path.is_dir() and path not in folders]
    if others:
        raise UserError(
            f"{out} holds {others[0]} of a run with other --draws: its images would be trained on too. Remove it or "
            "choose another folder."
        )
    if out not in folders:
        refuse_other_images(out, [])


def _refuse_nested(out: Path, hr_out: Path) -> None:
    """Raises a UserError where HR images could take the place of LR images, now or in a run with other draws."""
    lr, hr = out.resolve(), hr_out.resolve()
    if lr.is_relative_to(hr) or hr.is_relative_to(lr):
        raise UserError(f"HR images in {hr_out} would lie among the LR images of {out}: give an --hr-out outside it.")


@torch.inference_mode()
def _source(learnt: LearntDegradation, image: np.ndarray, device: torch.device) -> Tensor:
    return learnt.source(to_tensor(image)[None].to(device))[0]


def _own_seed(seed: int, name: str, draw: int) -> int:
    return int(np.random.SeedSequence((seed, zlib.crc32(name.encode()), draw)).generate_state(1)[0])


@torch.inference_mode()
def _check_noise(learnt: LearntDegradation, device: torch.device, checkpoint: str | Path) -> None:
    side = 64 * learnt.scale
    source = learnt.source(torch.full((1, 3, side, side), 0.5, device=device))
    if torch.equal(learnt(source), learnt(source)):
        raise UserError(
            f"The translator in {checkpoint} takes no noise: all draws would be the same image. Leave --draws out."
        )
