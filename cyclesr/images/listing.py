"""Image files of a folder: their names, in natural order."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from cyclesr.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
_CONVERT_HEIC = " HEIC: convert it to JPEG or PNG first."
Numbers = tuple[int, int] | None


def list_images(folder: str | Path, numbers: Numbers = None) -> list[Path]:
    """The paths of the images directly in a folder, see :func:`image_names`."""
    return [Path(folder, name) for name in image_names(folder, numbers)]


def image_names(folder: str | Path, numbers: Numbers = None) -> list[str]:
    """The file names of the images directly in a folder in natural order (2.png before 10.png), without hidden files.

    Args:
        folder: of images.
        numbers: keeps the files whose first number in the name lies within (first, last), both included; None keeps
            all.

    Raises:
        UserError: the folder is missing, is a file, or holds no image; a name without a number, or nothing left.
    """
    if not os.path.isdir(folder):
        found = "is a file" if os.path.exists(folder) else "does not exist"
        raise UserError(f"The image folder {folder} {found}. Give a folder of images ({' '.join(SUFFIXES)}).")
    names = [name for name in os.listdir(folder) if name.lower().endswith(SUFFIXES) and not name.startswith(".")]
    if not names:
        hint = heic_hint(os.listdir(folder))
        raise UserError(
            f"The folder {folder} holds no image ({' '.join(SUFFIXES)}; subfolders are not searched).{hint}"
        )
    names.sort(key=_natural_key)
    return names if numbers is None else _in_range(folder, names, *numbers)


def heic_hint(names: Iterable[str]) -> str:
    """What to do about the files of phones, which nothing here reads, if some are among the names."""
    return _CONVERT_HEIC if any(name.lower().endswith((".heic", ".heif")) for name in names) else ""


def _natural_key(name: str) -> tuple[str, str]:
    """Sort key that compares the numbers in a name as numbers; one string of it, since folders may hold 1e6 names."""
    return re.sub("[0-9]+", lambda digits: digits[0].zfill(20), name.lower()), name


def _in_range(folder: str | Path, names: list[str], first: int, last: int) -> list[str]:
    kept = [name for name in names if first <= _number(name) <= last]
    if not kept:
        raise UserError(
            f"No image of {folder} has a number from {first} to {last} in its name; "
            f"they run from {min(map(_number, names))} to {max(map(_number, names))}."
        )
    return kept


def _number(name: str) -> int:
    digits = re.search("[0-9]+", os.path.splitext(name)[0])
    if digits is None:
        raise UserError(f"A range of images needs a number in each file name; {name} has none. Drop the range.")
    return int(digits[0])
