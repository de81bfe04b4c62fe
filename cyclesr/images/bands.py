"""The number of channels with which the images of folders are read."""

from collections import Counter
from contextlib import suppress
from itertools import chain
from pathlib import Path

from cyclesr.errors import UserError
from cyclesr.images.listing import list_images
from cyclesr.images.reading import describe_image


def channels_of_folders(*folders: str | Path) -> int:
    """Returns the number of bands of all images of some folders, by their headers, without alpha.

    Gray images count as RGB if others are RGB. Images and folders that cannot be read do not count, nor do a few of
    other bands among RGB images: they are read as RGB, or are an error, when it is their turn.

    Raises:
        UserError: two images have different bands, and not more than half of all are RGB.
    """
    found: dict[int, Path] = {}
    count: Counter[int] = Counter()
    for path in chain.from_iterable(map(_images, folders)):
        with suppress(UserError):
            bands = describe_image(path, None).bands
            found.setdefault(bands, path)
            count[bands] += 1
    if 3 in found and 2 * (count[1] + count[3]) > count.total():
        return 3
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
