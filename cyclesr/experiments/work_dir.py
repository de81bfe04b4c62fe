"""The work dir of a benchmark: the settings of its results, and JSON files that are written atomically."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmengine.config import Config

from cyclesr.atomic_write import write_whole_text
from cyclesr.errors import UserError
from cyclesr.experiments.track_benchmark import iterations_for
from cyclesr.images.listing import list_images

REMEDY = "Delete it and repeat the command, which will compute its content again."


def write_json(path: Path, content: Any) -> None:
    """Writes a JSON file atomically, and creates its folder if it is missing."""
    write_whole_text(path, json.dumps(content, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """Reads a file of :func:`write_json`.

    Raises:
        UserError: the file is damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # not JSON, or not UTF-8
        raise UserError(f"{path} is damaged ({error}). {REMEDY}") from error


def check_settings(work_dir: Path, settings: dict[str, Any], name: str = "settings.json") -> None:
    """Writes the settings to the work dir, or compares them with the settings that it holds.

    Raises:
        UserError: the work dir holds results of other settings.
    """
    path = work_dir / name
    if not path.is_file():
        write_json(path, settings)
    elif (found := read_json(path)) != settings:
        raise UserError(
            f"{work_dir} holds results of other settings: {found} there, {settings} now. Choose another --work-dir."
        )


def fingerprint(folder: Path) -> str:
    """Returns the number of images in a folder and a hash of their names and contents."""
    paths, digest = list_images(folder), hashlib.sha256()
    for path in paths:
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return f"{len(paths)}, SHA-256 {digest.hexdigest()[:16]}"


def measured_iterations(work_dir: Path, name: str, config: Callable[[], Config], minutes: float) -> int:
    """Returns the number of iterations of a row that fit into a time, measured once per work dir.

    Args:
        work_dir: folder of ``iterations.json``, which keeps the numbers so that all tracks and seeds use the same.
        name: name of the row.
        config: function that returns the config to measure.
        minutes: training time.
    """
    path = work_dir / "iterations.json"
    known: dict[str, int] = read_json(path) if path.is_file() else {}
    if name not in known:
        known[name] = iterations_for(config(), minutes)
        write_json(path, known)
    return known[name]
