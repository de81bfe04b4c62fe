"""The number of channels with which the images of folders are read."""

from contextlib import suppress
from itertools import chain
from pathlib import Path

from cyclesr.errors import UserError
from cyclesr.images.listing import list_images
from cyclesr.images.reading import describe_image


def channels_of_folders(*folders: str | Path) -> int:
    """Returns the number of bands of all images of some folders, by their headers, without alpha.

    Gray images count as RGB if others are RGB. Images and folders that cannot be read do not count.

    Raises:
        UserError: two images have different bands.
    """
    found: dict[int, Path] = {}
    for path in chain.from_iterable(map(_images, folders)):
        with suppress(UserError):
            found.setdefault(describe_image(path, None).bands, path)
    if 3 in found:
        found.pop(1, None)
    if len(found) > 1:
        (bands, one), (others, other), *_ = found.items()
        raise UserError(
            f"Expected images of the same bands, but {one} has {bands} and {other} has {others}: save the same bands "
            "in all of them, or sort them into folders."
        )
    return next(iter(found), 3)


def _images(folder: str | Path) -> list[Path]:
    try:
        return list_images(folder)
    except UserError:
        return []


def bands_in_words(channels: int) -> str:
    """Names the kind of images of so many channels: gray, RGB, or the number of their bands."""
    return {1: "gray", 3: "RGB"}.get(channels, f"{channels} bands")
