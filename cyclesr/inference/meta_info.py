"""The list of training images that BasicSR reads: a line ``name (height,width,channels)`` for each.

It is described in https://github.com/XPixelGroup/BasicSR/blob/master/docs/DatasetPreparation.md. The name, which HR and
LR image share, ends at the first space.
"""

from collections.abc import Sequence
from pathlib import Path

from cyclesr.atomic_write import write_whole_text
from cyclesr.errors import UserError
from cyclesr.images.reading import image_size


def check_meta_info(path: Path, hr: str | Path | None, lr: Path, names: Sequence[str]) -> None:
    """Checks that a list can be written, before there are images.

    Args:
        path: file of the list.
        hr, lr: folders of the images.
        names: names of the images.

    Raises:
        UserError: there is no folder of HR images; the file would lie in a folder of images, where programs that read
            whole folders would take it for one; or a name has a space.
    """
    if hr is None:
        raise UserError("--meta-info lists the HR images that --hr-out DIR writes: give it, too.")
    for folder in (Path(hr), lr):
        if path.resolve().is_relative_to(folder.resolve()):
            raise UserError(f"--meta-info {path} must lie outside {folder}: other programs would read it as an image.")
    if spaced := [name for name in names if any(character.isspace() for character in name)]:
        raise UserError(
            f"The name {spaced[0]!r} has a space, at which BasicSR ends names: rename the image, or leave --meta-info "
            "out and give programs the folders."
        )


def write_meta_info(path: Path, hr: Path, lr: Sequence[Path], names: Sequence[str], channels: int) -> None:
    """Writes the list of the HR images that have an LR image in each folder.

    Args:
        path: file to write.
        hr, lr: folder of the HR images, and those of the LR images.
        names: file names of the images.
        channels: number of channels of the images.
    """
    whole = [name for name in names if all((folder / name).is_file() for folder in (hr, *lr))]
    shapes = {name: ",".join(map(str, (*image_size(hr / name, channels), channels))) for name in whole}
    write_whole_text(path, "".join(f"{name} ({shape})\n" for name, shape in sorted(shapes.items())))
