"""How many channels the images of folders are read with."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from cyclesr.errors import UserError
from cyclesr.images.bands import channels_of_folders

PIXELS = np.arange(8 * 9 * 5, dtype=np.uint16).reshape(8, 9, 5)


def write(path: Path, bands: int) -> None:
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".png":
        Image.new({1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[bands], (9, 8)).save(path)
    else:
        tifffile.imwrite(path, PIXELS[..., :bands].squeeze(), photometric="minisblack", planarconfig="contig")


@pytest.mark.parametrize(
    ("files", "channels"),
    [
        ({"a/1.tif": 1, "a/2.png": 1, "b/3.png": 2}, 1),  # alpha is no band
        ({"a/1.png": 3, "b/2.png": 4}, 3),
        ({"a/1.tif": 1, "b/2.png": 3}, 3),  # gray counts as RGB
        ({"a/1.tif": 4, "b/2.tif": 4}, 4),
        ({"a/1.tif": 5}, 5),
        ({"a/1.png": 3, "a/2.png": 1, "b/3.tif": 5}, 3),  # which is named when it is read
    ],
)
def test_the_files_say_it(tmp_path: Path, files: dict[str, int], channels: int) -> None:
    for name, bands in files.items():
        write(tmp_path / name, bands)
    (tmp_path / "a" / "damaged.png").write_bytes(b"no image")
    assert channels_of_folders(tmp_path / "a", tmp_path / "b") == channels  # there may be no folder b


@pytest.mark.parametrize(
    "files", [{"a/1.tif": 4, "a/2.tif": 5}, {"a/1.png": 3, "b/2.tif": 4}, {"a/1.tif": 1, "b/2.tif": 4}]
)
def test_two_files_that_differ_are_named(tmp_path: Path, files: dict[str, int]) -> None:
    for name, bands in files.items():
        write(tmp_path / name, bands)
    (one, few), (other, many) = files.items()
    with pytest.raises(UserError, match=f"{one} has {few} and .*{other} has {many}"):
        channels_of_folders(*{tmp_path / name.split("/")[0]: None for name in files})
