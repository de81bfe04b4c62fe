"""Decoded images with random access to crops: each image is decoded once, not once a crop.

A cache opens a path as an array (H, W, 3), uint8 or uint16; slicing the array reads the crop and no more.
"""

import hashlib
import os
from bisect import bisect_left
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
import torch

from cyclesr.atomic_write import write_whole
from cyclesr.datasets.path_list import PathList
from cyclesr.errors import UserError
from cyclesr.images.reading import read_image

# Images share blocks of this size: one block of shared memory costs a file handle, and a process may have few.
_BLOCK_BYTES = 64 * 2**20
_OPEN_IMAGES = 128  # mappings that a process keeps: each costs a file handle, and mapping anew costs page faults


class ImageCache(Protocol):
    """What a dataset needs of a cache."""

    def open(self, path: str | Path) -> np.ndarray:
        """(H, W, 3) uint8 or uint16; not to be written to."""


def build_cache(where: str | Path | None, images: Iterable[str | Path]) -> ImageCache:
    """Chooses a cache.

    Args:
        where: ``disk`` ($CYCLESR_CACHE, or else ~/.cache/cyclesr), a folder, ``memory``, or None: decode every time.
        images: what ``memory`` decodes at once.
    """
    if where is None:
        return NoCache()
    if where == "memory":
        return MemoryCache(images)
    return DiskCache(default_folder() if where == "disk" else Path(where))


def default_folder() -> Path:
    """$CYCLESR_CACHE, or else ~/.cache/cyclesr."""
    return Path(os.environ.get("CYCLESR_CACHE") or Path.home() / ".cache" / "cyclesr")


class NoCache:
    """Decodes at every access."""

    def open(self, path: str | Path) -> np.ndarray:
        """See ``ImageCache``."""
        return read_image(path)


class DiskCache:
    """One memory-mapped ``.npy`` file an image, made at the first access and shared by all processes and runs.

    A file lies in ``<folder>/<hash of the absolute path>/<size>-<mtime_ns>.npy``: an image that changed has another
    name, and its old entry is removed. Entries appear by renaming a finished file, so that nobody sees half of one.
    The object holds no state: nothing grows with the number of images. A process touches only what it uses, and keeps
    the last 128 images mapped. Several that meet at a new image decode it each; the last one's (equal) file stays.

    Args:
        folder: made when needed. It takes 3 bytes a pixel: 7 GB for the 800 HR images of DIV2K.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self, path: str | Path) -> np.ndarray:
        """See ``ImageCache``.

        Raises:
            UserError: the image cannot be read, or the cache folder not be written.
        """
        entry = self._entry(path)
        with suppress(OSError, ValueError, EOFError):  # absent, or damaged by a crash of the machine
            return _mapped(entry)
        pixels = read_image(path)
        try:
            _write_entry(Path(entry), pixels)
        except OSError as error:
            raise UserError(
                f"The image cache {self.folder} cannot be written: {error.strerror}. Make room, or set CYCLESR_CACHE "
                "to another folder, or cache='memory' or cache=None in the config."
            ) from error
        return _mapped(entry)

    def _entry(self, path: str | Path) -> str:
        try:
            status = os.stat(path)
        except OSError as error:
            raise UserError(f"The image {path} cannot be read: {error.strerror}.") from error
        return os.path.join(self.folder, _entry_name(str(path)), f"{status.st_size}-{status.st_mtime_ns}.npy")


def _entry_name(path: str) -> str:
    return hashlib.sha1(os.fsencode(os.path.abspath(path))).hexdigest()


def _mapped(entry: str) -> np.ndarray:
    """The array in a ``.npy`` file, as ``np.load`` maps it, in a quarter of the time.

    Raises:
        OSError, ValueError, EOFError: no such file, or a damaged one.
    """
    status = os.stat(entry)
    return _mapping(entry, status.st_ino, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=_OPEN_IMAGES)
def _mapping(entry: str, *version: int) -> np.ndarray:
    """The mapping of a file; another version of it, by inode, size or time, is another mapping."""
    with open(entry, "rb") as file:
        shape, fortran_order, dtype = _described(_header(file))
        return np.memmap(file, dtype, "r", file.tell(), shape, "F" if fortran_order else "C")


def _header(file: BinaryIO) -> bytes:
    start = file.read(10)
    return start + file.read(int.from_bytes(start[8:], "little"))


@lru_cache(maxsize=64)
def _described(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, order and type; kept, since images are of few sizes and numpy takes long to read a header."""
    file = BytesIO(header)
    np.lib.format.read_magic(file)
    return np.lib.format.read_array_header_1_0(file)


def _write_entry(entry: Path, pixels: np.ndarray) -> None:
    """Writes an entry and removes those of earlier versions of the image."""

    def write(partial: Path) -> None:
        with partial.open("xb") as file:
            np.save(file, pixels)

    entry.parent.mkdir(parents=True, exist_ok=True)
    write_whole(entry, write, shared=True, flush=False)  # a damaged entry is made anew
    for old in entry.parent.glob("*.npy"):
        if old != entry:
            with suppress(OSError):  # another process was first, or (Windows) has it open
                old.unlink()


class MemoryCache:
    """All images decoded at once into shared memory, which forked and spawned workers use without a copy.

    Args:
        images: paths. They take 3 bytes a pixel, in each rank; changed files are not noticed.
    """

    def __init__(self, images: Iterable[str | Path]) -> None:
        ordered = sorted(str(path) for path in images)
        self._paths = PathList(ordered)
        self._places = np.empty((len(ordered), 5), np.int64)  # block, offset, height, width, bytes of a sample
        self._blocks: list[torch.Tensor] = []
        waiting: list[np.ndarray] = []
        offset = 0
        for i, path in enumerate(ordered):
            pixels = read_image(path)
            if offset + pixels.nbytes > _BLOCK_BYTES and waiting:
                self._share(waiting)
                waiting, offset = [], 0
            self._places[i] = len(self._blocks), offset, *pixels.shape[:2], pixels.itemsize
            waiting.append(pixels.reshape(-1).view(np.uint8))
            offset += pixels.nbytes
        self._share(waiting)

    def _share(self, images: list[np.ndarray]) -> None:
        if images:
            self._blocks.append(torch.from_numpy(np.concatenate(images)).share_memory_())

    def open(self, path: str | Path) -> np.ndarray:
        """See ``ImageCache``.

        Raises:
            KeyError: not one of the images that it was made for.
        """
        place = bisect_left(self._paths, str(path))
        if place == len(self._paths) or self._paths[place] != str(path):
            raise KeyError(str(path))
        block, offset, height, width, size = self._places[place].tolist()
        pixels = self._blocks[block].numpy()[offset : offset + 3 * height * width * size]
        return pixels.view(f"u{size}").reshape(height, width, 3)
