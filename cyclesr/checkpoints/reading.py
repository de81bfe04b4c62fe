"""Reads checkpoint files without unpickling objects."""

import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch

from cyclesr.errors import UserError

_EXPECTED = "a file of weights, such as sr_latest.safetensors or a .pth file in the work dir of a training"
_STARTS = (b"PK", b"\x80")  # first bytes of files of torch.save: zip files or, before version 1.6, pickles


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Reads a checkpoint file to the CPU: only tensors and plain data, no other pickled objects.

    Raises:
        UserError: the file is missing, truncated or damaged, contains other objects, or is not a checkpoint.
    """
    path = Path(path)
    _check_is_file(path)
    with path.open("rb") as file:
        start = file.read(2)
    if start and not start.startswith(_STARTS):
        raise UserError(f"{path} is not a checkpoint: expected {_EXPECTED}.")
    try:
        with warnings.catch_warnings():  # torch tells of protocols and layouts that are of no use to users
            warnings.simplefilter("ignore")
            found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(_refusal(path, error)) from error
    except Exception as error:  # of almost any type, because the file is damaged
        raise UserError(
            f"The checkpoint {path} is damaged or truncated ({path.stat().st_size} bytes): copy it again."
        ) from error
    if not isinstance(found, dict):
        raise UserError(f"{path} is not a checkpoint: expected a dict, found a {type(found).__name__}.")
    return found


def _check_is_file(path: Path) -> None:
    if not path.is_file():
        found = "is a folder" if path.is_dir() else "does not exist"
        raise UserError(f"The checkpoint {path} {found}: expected {_EXPECTED}.")


def _refusal(path: Path, error: pickle.UnpicklingError) -> str:
    if "weights only" not in str(error).lower() and "weights_only" not in str(error):
        return f"The checkpoint {path} is damaged or truncated, or it is not a checkpoint: copy it again."
    return (
        f"The checkpoint {path} was not loaded, because it contains pickled objects that could run code. Checkpoints "
        "of cyclesr contain only tensors and plain data."
    )


def is_whole(path: Path) -> bool:
    """Returns whether a checkpoint file is complete: all parts are present and match their checksums."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except Exception:  # zipfile raises errors of many types for damaged files
        return False
