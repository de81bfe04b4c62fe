"""The checkpoints in a work dir."""

import re
from functools import partial
from pathlib import Path
from typing import Any

from cyclesr.atomic_write import write_whole
from cyclesr.checkpoints.reading import is_whole
from cyclesr.checkpoints.sr_network import read_sr, save_sr

LATEST = "sr_latest.safetensors"


def newest_checkpoint(work_dir: Path, warn: Any = print) -> str | None:
    """Returns the intact checkpoint ``iter_<n>.pth`` with the highest iteration in a folder, or ``None``.

    Args:
        work_dir: the folder.
        warn: function that is called with a warning for each damaged checkpoint.
    """
    names = {path: re.fullmatch(r"iter_(\d+)", path.stem) for path in work_dir.glob("iter_*.pth")}
    found = {int(name[1]): path for path, name in names.items() if name}
    for iteration in sorted(found, reverse=True):
        if is_whole(found[iteration]):
            return str(found[iteration])
        warn(f"The checkpoint {found[iteration]} is damaged or truncated: using the one before it.")
    return None


def iteration_of(checkpoint: str) -> int:
    """Returns the iteration in the name of a checkpoint ``iter_<n>.pth``."""
    return int(Path(checkpoint).stem.removeprefix("iter_"))


def set_aside(checkpoint: str) -> str | None:
    """Renames a checkpoint of diverged weights, and writes ``sr_latest.safetensors`` from the one before it.

    Returns:
        The checkpoint before it, or ``None``.
    """
    path = Path(checkpoint)
    path.rename(path.with_name(f"diverged_{path.name}"))
    before = newest_checkpoint(path.parent)
    if before is None:
        (path.parent / LATEST).unlink(missing_ok=True)
    else:
        write_whole(path.parent / LATEST, partial(save_sr, read_sr(before)))
    return before
