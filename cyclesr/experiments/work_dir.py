"""The work dir of a benchmark: the settings that its results were made with, and JSON files that are written whole."""

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

MEND = "Delete it and give the same command again: what it held is found anew."


def write_json(path: Path, content: Any) -> None:
    """Writes a JSON file whole, and its folder where it is missing."""
    write_whole_text(path, json.dumps(content, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """Reads what :func:`write_json` wrote.

    Raises:
        UserError: the file was damaged since.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # no JSON, or no text
        raise UserError(f"{path} is damaged ({error}). {MEND}") from error


def check_settings(work_dir: Path, settings: dict[str, Any]) -> None:
    """Writes the settings into the work dir, or compares them with those that are there.

    Raises:
        UserError: the work dir holds results of other settings.
    """
    path = work_dir / "settings.json"
    if not path.is_file():
        write_json(path, settings)
    elif (found := read_json(path)) != settings:
        raise UserError(
            f"{work_dir} holds results of other settings: {found} there, {settings} now. Choose another --work-dir."
        )


def fingerprint(folder: Path) -> str:
    """Identifies the images of a folder by their number, names and contents."""
    paths, digest = list_images(folder), hashlib.sha256()
    for path in paths:
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return f"{len(paths)}, SHA-256 {digest.hexdigest()[:16]}"


def measured_iterations(work_dir: Path, name: str, config: Callable[[], Config], minutes: float) -> int:
    """Returns how many iterations of a row fit into a time, measured once for a work dir.

    Args:
        work_dir: keeps the numbers in ``iterations.json``, so that all tracks and seeds take as many.
        name: of the row.
        config: makes the config to measure.
        minutes: the time.
    """
    path = work_dir / "iterations.json"
    known: dict[str, int] = read_json(path) if path.is_file() else {}
    if name not in known:
        known[name] = iterations_for(config(), minutes)
        write_json(path, known)
    return known[name]
