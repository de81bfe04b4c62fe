"""Lists of paths in memory that worker processes share."""

import os
from array import array
from collections.abc import Iterable, Sequence
from typing import overload

import numpy as np


class PathList(Sequence[str]):
    """A list of paths in one block of bytes: 100,000 paths take about 6 MB.

    Reading a path does not write to this memory, so forked workers share it. A list of str would be copied into each
    forked worker, page by page, because reading changes reference counts. An array of str would take four bytes per
    character, and a copy of it in each spawned worker.

    Args:
        paths: paths in the order of the list.
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
        """Returns the paths of files in one folder.

        Forked workers also copy the heap that temporary objects leave behind. Joining one path at a time leaves only
        the names.
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
        place = range(len(self))[index]  # supports negative indices, raises IndexError beyond the end
        start = self._ends[place - 1] if place else 0
        return os.fsdecode(self._bytes[start : self._ends[place]])
