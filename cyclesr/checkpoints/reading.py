"""Reading checkpoint files as plain data."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from cyclesr.errors import UserError

_STARTS = (b"PK", b"\x80")  # of what torch.save writes: zip files, and before version 1.6 pickles


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Reads a checkpoint file as plain data, on the CPU.

    Raises:
        UserError: as for :func:`load_sr`.
    """
    path = Path(path)
    _check_is_file(path)
    with path.open("rb") as file:
        start = file.read(2)
    if start and not start.startswith(_STARTS):
        raise UserError(
            f"{path} is no checkpoint, nor weights. Give a .pth file, as training writes into its work dir."
        )
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(_refusal(path, error)) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, IndexError) as error:
        raise UserError(
            f"The checkpoint {path} is damaged or cut off ({path.stat().st_size} bytes). Copy it again."
        ) from error
    if not isinstance(found, dict):
        raise UserError(f"{path} is no checkpoint of cyclesr: it holds a {type(found).__name__}, not a dict.")
    return found


def _check_is_file(path: Path) -> None:
    if not path.is_file():
        found = "is a folder" if path.is_dir() else "does not exist"
        raise UserError(f"The checkpoint {path} {found}. Give a .pth file, as training writes into its work dir.")


def _refusal(path: Path, error: pickle.UnpicklingError) -> str:
    if "weights only" not in str(error).lower() and "weights_only" not in str(error):
        return f"The checkpoint {path} is damaged or cut off, or no checkpoint at all. Copy it again."
    return (
        f"The checkpoint {path} holds pickled objects that could run code when loaded, so it is refused. "
        "cyclesr's own checkpoints hold tensors and plain data only."
    )


def is_whole(path: Path) -> bool:
    """Whether a checkpoint file is neither cut off nor damaged: its parts are there and match their checksums."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError):
        return False
