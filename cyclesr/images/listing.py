"""Lists the image files of a folder in natural order, and what else is in it."""

import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from cyclesr.errors import UserError

#: Suffixes of the files that are read as images. The content of a file decides its format.
SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".tif", ".tiff"),
    *(".webp", ".gif", ".jp2", ".j2k", ".avif"),
)
CONVERT_HEIC = " HEIC is not supported: convert it to JPEG or PNG first."
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
        found = ", ".join(passed_over(folder))
        raise UserError(
            f"The folder {folder} holds no image ({' '.join(SUFFIXES)}; subfolders are not searched)"
            f"{f', only {found}' if found else ''}.{heic_hint(os.listdir(folder))}"
        )
    names.sort(key=_natural_key)
    return names if numbers is None else _in_range(folder, names, *numbers)


def by_stem(paths: Iterable[Path]) -> dict[str, Path]:
    """Returns paths by their names without suffixes.

    Raises:
        UserError: two names differ only in their suffixes.
    """
    found: dict[str, Path] = {}
    for path in paths:
        if path.stem in found:
            raise UserError(f"{found[path.stem]} and {path.name} have the same name: rename or remove one of them.")
        found[path.stem] = path
    return found


def passed_over(folder: str | Path) -> list[str]:
    """Counts, by kind, the contents of a folder that are not read as images, as ``2 .heic`` or ``1 subfolder``.

    Hidden files are not counted.
    """
    kinds: Counter[str] = Counter()
    for entry in os.scandir(folder) if os.path.isdir(folder) else ():
        suffix = os.path.splitext(entry.name)[1].lower()
        if entry.name.startswith("."):
            continue
        if os.path.isdir(entry.path):  # False for links in a circle, for which entry.is_dir() raises an error
            kinds["subfolder"] += 1
        elif suffix not in SUFFIXES:
            kinds[suffix or "file without a suffix"] += 1
    return [
        f"{count} {kind}{'s' if kind == 'subfolder' and count > 1 else ''}" for kind, count in sorted(kinds.items())
    ]


def heic_hint(names: Iterable[str]) -> str:
    """Returns advice about HEIC files, which cannot be read, if there are any among the names, otherwise ``""``."""
    return CONVERT_HEIC if any(name.lower().endswith((".heic", ".heif")) for name in names) else ""


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
