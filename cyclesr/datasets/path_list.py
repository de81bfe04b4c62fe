"""The paths of a folder of any size, in memory that worker processes share."""

import os
from array import array
from collections.abc import Iterable, Sequence
from typing import overload

import numpy as np


class PathList(Sequence[str]):
    """Paths as one block of bytes: 100 000 of them take some 6 MB, and reading one changes nothing.

    A list of str is copied into each forked worker, page by page, as reference counts change; an array of str takes
    four bytes a character, and a copy of them in each worker that is spawned.

    Args:
        paths: in the order of the list.
    """

    def __init__(self, paths: Iterable[str | os.PathLike[str]]) -> None:
        joined, ends = bytearray(), array("q")
        for path in paths:
            joined += os.fsencode(path)
            ends.append(len(joined))
        self._bytes = bytes(joined)
        self._ends = np.array(ends, np.int64)

    @classmethod
    def of_folder(cls, folder: str | os.PathLike[str], names: Iterable[str]) -> "PathList":
        """The paths of files in one folder.

        What making them leaves behind in the heap is copied into each worker too: this leaves no more than names.
        """
        return cls(os.path.join(folder, name) for name in names)

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        place = range(len(self))[index]  # IndexError beyond the end; negative ones count from there
        start = self._ends[place - 1] if place else 0
        return os.fsdecode(self._bytes[start : self._ends[place]])
