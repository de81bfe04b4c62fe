"""PathList: a list of paths in little memory."""

import os
import pickle
from pathlib import Path

import pytest

from cyclesr.datasets.path_list import PathList

NAMES = ["a/0001.png", "", "ä/ö ü.png", "b.png", os.fsdecode(b"\xff broken.png")]


def test_it_is_a_sequence_of_str() -> None:
    paths = PathList(NAMES)
    assert list(paths) == NAMES
    assert len(paths) == 5
    assert (paths[-1], paths[1:3], paths.index("b.png")) == (NAMES[-1], NAMES[1:3], 3)
    assert list(pickle.loads(pickle.dumps(paths))) == NAMES
    for beyond in (5, -6):
        with pytest.raises(IndexError):
            paths[beyond]


def test_paths_and_nothing() -> None:
    assert list(PathList([Path("x") / "y.png"])) == [str(Path("x/y.png"))]
    assert list(PathList([])) == []
    assert list(PathList.of_folder(Path("x"), ["y.png", "z.png"])) == [str(Path("x/y.png")), str(Path("x/z.png"))]


def test_memory_is_the_bytes_of_the_paths_and_eight_bytes_each() -> None:
    names = [f"/data/folder/{i:06d}.png" for i in range(1000)]
    assert len(pickle.dumps(PathList(names))) < 1000 * (23 + 8) + 500
