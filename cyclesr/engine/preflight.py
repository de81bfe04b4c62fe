"""Checks of the image folders of a training before anything is built, so that errors show at once."""

import os
import shlex
from pathlib import Path
from typing import Any

from mmengine.config import Config

from cyclesr.config import DATALOADERS
from cyclesr.datasets.inspection import problems_in_headers, problems_of_pairs
from cyclesr.datasets.paired import match_hr
from cyclesr.errors import UserError, printable
from cyclesr.images.listing import image_names, list_images, passed_over

# The commands that make the folders of the configs.
_MAKERS = {
    "data/DIV2K/aligned": "cyclesr prepare align",
    "data/DIV2K": "cyclesr prepare div2k",
    "data/demo_seed": "cyclesr prepare demo",
}
_NAMED = 20  # maximum number of images named in one message


def check_folders(config: Config) -> None:
    """Checks that the image folders of a config exist.

    Raises:
        UserError: a folder is missing. The message names the command that makes it.
    """
    for name in DATALOADERS:
        data = (config.get(name) or {}).get("dataset") or {}
        for key in ("hr", "real", "lr"):
            folder = data.get(key)
            if folder is not None and not isinstance(folder, (str, Path)):
                raise UserError(f"{name}.dataset.{key} must be the path of a folder, found {folder!r:.100}.")
            if folder is not None and not os.path.isdir(folder):
                raise UserError(f"The image folder {folder} ({name}.dataset.{key}) {_what_to_do(name, data, key)}")


def _what_to_do(name: str, data: dict[str, Any], key: str) -> str:
    folder = str(data[key])
    if os.path.exists(folder):
        return "is a file. Give a folder of images."
    maker = next((maker for start, maker in _MAKERS.items() if folder.startswith(start)), None)
    ways = [f"{maker} makes it"] if maker else []
    ways += ["give folders of your own by --hr and --real"] if "real" in data else []
    ways += ["give held-out pairs of your own by --val-hr and --val-lr"] if name == "val_dataloader" else []
    return f"does not exist: {'; or '.join(ways) or 'give one that does'}."


def check_pairs(data: dict[str, Any]) -> None:
    """Reads the headers of all images of a ``PairedDataset``: validation would find a misfit only much later.

    Args:
        data: the config of the dataset.

    Raises:
        UserError: some are unreadable, without a partner, or not of the scale; the message names them.
    """
    if data.get("hr") is None:
        return
    lr = list_images(data["lr"], data.get("hr_range"))
    found = problems_of_pairs(lr, match_hr(lr, list_images(data["hr"]), data["scale"]), data["scale"], _channels(data))
    if found:
        raise UserError(
            f"{len(found)} of {len(lr)} pairs in {data['lr']} and {data['hr']} do not fit at scale {data['scale']}. "
            f"{_some_of(found)} Check the folders and the scale."
        )


def _some_of(found: list[str]) -> str:
    more = f" ... and {len(found) - _NAMED} more." if len(found) > _NAMED else ""
    return " ".join(found[:_NAMED]) + more


def check_images(data: dict[str, Any]) -> None:
    """Checks the headers of all images of an ``UnpairedDataset``, which takes about a second for 5000 images.

    Args:
        data: config of the dataset.

    Raises:
        UserError: images are unreadable or smaller than the crop. The message names them.
    """
    sides = {"hr": (data["crop"] + 2 * data.get("margin", 0)) * data["scale"], "real": data["crop"]}
    names = {key: image_names(data[key]) for key in sides}
    found = [
        problem
        for key, side in sides.items()
        for problem in problems_in_headers(
            (os.path.join(data[key], name) for name in names[key]), side, _channels(data)
        )
    ]
    if found:
        command = ["cyclesr", "prepare", "check", "--hr", data["hr"], "--real", data["real"]]
        command += ["--scale", data["scale"], "--crop", data["crop"]]
        command += [] if _channels(data) == 3 else ["--channels", _channels(data)]
        raise UserError(
            f"{len(found)} of {sum(map(len, names.values()))} images cannot be trained on. {_some_of(found)} "
            f"{shlex.join(map(str, command))} looks into each file."
        )


def _channels(data: dict[str, Any]) -> int:
    return int(data.get("image_channels", 3))


def say_passed_over(data: dict[str, Any]) -> None:
    """Prints what the folders of a training hold besides images that are read."""
    for folder in dict.fromkeys(str(data[key]) for key in ("hr", "real", "lr") if data.get(key)):
        if found := passed_over(folder):
            print(printable(f"Passed over in {folder}: {', '.join(found)}."), flush=True)


def check_unused(work_dir: Path) -> None:
    """Checks that a work dir holds no checkpoints, with which those of a new training would be mixed.

    Raises:
        UserError: it does.
    """
    if any(work_dir.glob("iter_*.pth")):
        raise UserError(
            f"The work dir {work_dir} holds checkpoints of a training: give --resume to continue it, or another "
            "--work-dir."
        )
