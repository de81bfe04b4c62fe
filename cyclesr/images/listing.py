"""Lists the image files of a folder in natural order."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from cyclesr.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
_CONVERT_HEIC = " HEIC is not supported: convert it to JPEG or PNG first."
Numbers = tuple[int, int] | None


def list_images(folder: str | Path, numbers: Numbers = None) -> list[Path]:
    """Returns the paths of the images directly in a folder, see :func:`image_names`."""
    return [Path(folder, name) for name in image_names(folder, numbers)]


def image_names(folder: str | Path, numbers: Numbers = None) -> list[str]:
    """Returns the names of the images directly in a folder in natural order (2.png before 10.png).

    Hidden files are skipped.

    Args:
        folder: folder of images.
        numbers: (first, last): keeps only the files whose first number in the name is in this range, inclusive. None
            keeps all.

    Raises:
        UserError: the folder does not exist, is a file or holds no image; or, with ``numbers``, a name has no number
            or no image is in the range.
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
    """Returns advice about HEIC files, which cannot be read, if there are any among the names, otherwise ``""``."""
    return _CONVERT_HEIC if any(name.lower().endswith((".heic", ".heif")) for name in names) else ""


def _natural_key(name: str) -> tuple[str, str]:
    """Returns a sort key that compares numbers by value; padded strings need little memory for millions of names."""
    return re.sub("[0-9]+", lambda digits: digits[0].zfill(20), name.lower()), name


def _in_range(folder: str | Path, names: list[str], first: int, last: int) -> list[str]:
    kept = [name for name in names if first <= _number(name) <= last]
    if not kept:
        raise UserError(
            f"No image of {folder} has a number from {first} to {last} in its name; the numbers found run from "
            f"{min(map(_number, names))} to {max(map(_number, names))}."
        )
    return kept


def _number(name: str) -> int:
    digits = re.search("[0-9]+", os.path.splitext(name)[0])
    if digits is None:
        raise UserError(f"A range of images needs a number in every file name, but {name} has none: remove the range.")
    return int(digits[0])
