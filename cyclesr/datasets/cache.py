"""Caches of decoded images with random access to crops: each image is decoded once instead of once per crop.

A cache opens a path as an array ``(H, W, 3)`` in uint8 or uint16. Slicing the array reads only the crop. What is
decoded for a cache is searched for damage behind the header, too.
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

# Images share blocks of this size, because each block of shared memory needs a file handle and handles are limited.
_BLOCK_BYTES = 64 * 2**20
_READER = 3  # version of what images are decoded to: entries of earlier versions are made anew
_OPEN_IMAGES = 128  # mappings kept per process: each needs a file handle, but mapping again causes page faults


class ImageCache(Protocol):
    """The interface of a cache."""

    def open(self, path: str | Path) -> np.ndarray:
        """Returns the image ``(H, W, channels)`` in uint8 or uint16; do not write to it."""


def build_cache(where: str | Path | None, images: Iterable[str | Path], channels: int = 3) -> ImageCache:
    """Builds a cache.

    Args:
        where: ``disk`` ($CYCLESR_CACHE or, if it is not set, ~/.cache/cyclesr), a folder, ``memory``, or None, which
            decodes an image at every access.
        images: paths of the images that ``memory`` decodes immediately.
        channels: number of channels, see :func:`~cyclesr.images.reading.read_image`.
    """
    if where is None:
        return NoCache(channels)
    if where == "memory":
        return MemoryCache(images, channels)
    return DiskCache(default_folder() if where == "disk" else Path(where), channels)


def default_folder() -> Path:
    """Returns $CYCLESR_CACHE or, if it is not set, ~/.cache/cyclesr."""
    return Path(os.environ.get("CYCLESR_CACHE") or Path.home() / ".cache" / "cyclesr")


class NoCache:
    """No cache: decodes an image at every access."""

    def __init__(self, channels: int = 3) -> None:
        self.channels = channels

    def open(self, path: str | Path) -> np.ndarray:
        """Decodes an image, see :class:`ImageCache`."""
        return read_image(path, self.channels)


class DiskCache:
    """A memory-mapped ``.npy`` file per image, made at the first access and shared by all processes and runs.

    The file is ``<folder>/<hash of the absolute path>/<size>-<mtime_ns>-<version of the reader>.npy``. If an image
    changes, it gets a new file and the old one is removed. Files are written atomically. The object has no state that
    grows with the number of images: a process reads only the pages that it uses and keeps the last 128 images mapped.
    If several processes open a new image at the same time, each decodes it, and the equal file of the last one is kept.

    Args:
        folder: folder of the cache, created when needed. It takes 3 bytes per pixel of 8-bit images: 7 GB for the 800
            HR images of DIV2K.
        channels: number of channels of the images.
    """

    def __init__(self, folder: Path, channels: int = 3) -> None:
        self.folder = folder
        self.channels = channels

    def open(self, path: str | Path) -> np.ndarray:
        """Maps an image, see :class:`ImageCache`.

        Raises:
            UserError: the image cannot be read, or the cache folder cannot be written.
        """
        entry = self._entry(path)
        with suppress(OSError, ValueError, EOFError):  # absent, or corrupted by a crash of the machine
            return _mapped(entry)
        pixels = read_image(path, self.channels, strict=True)
        try:
            _write_entry(Path(entry), pixels)
        except OSError as error:
            raise UserError(
                f"The image cache {self.folder} cannot be written: {error.strerror}. Free some space, set "
                "CYCLESR_CACHE to another folder, or set cache='memory' or cache=None in the config."
            ) from error
        return _mapped(entry)

    def _entry(self, path: str | Path) -> str:
        try:
            status = os.stat(path)
        except OSError as error:
            raise UserError(f"The image {path} cannot be read: {error.strerror}.") from error
        version = f"{status.st_size}-{status.st_mtime_ns}-{_READER}"
        return os.path.join(self.folder, _entry_name(str(path), self.channels), f"{version}.npy")


def _entry_name(path: str, channels: int) -> str:
    name = hashlib.sha1(os.fsencode(os.path.abspath(path))).hexdigest()
    return name if channels == 3 else f"{name}-{channels}"


def _mapped(entry: str) -> np.ndarray:
    """Maps the array of a ``.npy`` file as ``np.load`` does, in a quarter of the time.

    Raises:
        OSError, ValueError, EOFError: the file is missing or corrupt.
    """
    status = os.stat(entry)
    return _mapping(entry, status.st_ino, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=_OPEN_IMAGES)
def _mapping(entry: str, *version: int) -> np.ndarray:
    """Maps a file. ``version`` (inode, size and time) makes sure that a changed file is mapped again."""
    with open(entry, "rb") as file:
        shape, fortran_order, dtype = _described(_header(file))
        return np.memmap(file, dtype, "r", file.tell(), shape, "F" if fortran_order else "C")


def _header(file: BinaryIO) -> bytes:
    start = file.read(10)
    return start + file.read(int.from_bytes(start[8:], "little"))


@lru_cache(maxsize=64)
def _described(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Parses shape, order and dtype; cached, because images have few sizes and numpy's parser is slow."""
    file = BytesIO(header)
    np.lib.format.read_magic(file)
    return np.lib.format.read_array_header_1_0(file)


def _write_entry(entry: Path, pixels: np.ndarray) -> None:
    """Writes the file of an image and removes those of its earlier versions."""

    def write(partial: Path) -> None:
        with partial.open("xb") as file:
            np.save(file, pixels)

    entry.parent.mkdir(parents=True, exist_ok=True)
    write_whole(entry, write, shared=True, flush=False)  # open() replaces corrupt files
    for old in entry.parent.glob("*.npy"):
        if old != entry:
            with suppress(OSError):  # another process has removed it or, on Windows, has it open
                old.unlink()


class MemoryCache:
    """All images, decoded at the start into shared memory, which forked and spawned workers use without a copy.

    Later changes of the files have no effect.

    Args:
        images: paths of the images. In each rank, they take 3 bytes per pixel of 8-bit images.
        channels: number of channels of the images.

    Raises:
        UserError: an image cannot be read, or the shared memory is full.
    """

    def __init__(self, images: Iterable[str | Path], channels: int = 3) -> None:
        self.channels = channels
        ordered = sorted(str(path) for path in images)
        self._paths = PathList(ordered)
        self._places = np.empty((len(ordered), 5), np.int64)  # block, offset, height, width, bytes per sample
        self._blocks: list[torch.Tensor] = []
        waiting: list[np.ndarray] = []
        offset = 0
        for i, path in enumerate(ordered):
            pixels = read_image(path, channels, strict=True)
            if offset + pixels.nbytes > _BLOCK_BYTES and waiting:
                self._share(waiting)
                waiting, offset = [], 0
            self._places[i] = len(self._blocks), offset, *pixels.shape[:2], pixels.itemsize
            waiting.append(pixels.reshape(-1).view(np.uint8))
            offset += pixels.nbytes
        self._share(waiting)

    def _share(self, images: list[np.ndarray]) -> None:
        if not images:
            return
        block = torch.from_numpy(np.concatenate(images))
        try:
            self._blocks.append(block.share_memory_())
        except RuntimeError as error:
            taken = sum(block.numel() for block in self._blocks) + block.numel()
            raise UserError(
                f"The images need more than {taken / 2**20:.0f} MB of shared memory (/dev/shm), which is full: set "
                "cache='disk' or cache=None in the config, or make it larger: docker run --shm-size=8g"
            ) from error

    def open(self, path: str | Path) -> np.ndarray:
        """Returns an image, see :class:`ImageCache`.

        Raises:
            KeyError: the image is not one of those passed to the constructor.
        """
        place = bisect_left(self._paths, str(path))
        if place == len(self._paths) or self._paths[place] != str(path):
            raise KeyError(str(path))
        block, offset, height, width, size = self._places[place].tolist()
        pixels = self._blocks[block].numpy()[offset : offset + self.channels * height * width * size]
        return pixels.view(f"u{size}").reshape(height, width, self.channels)
