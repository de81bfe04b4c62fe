"""Atomic file writes: a file is there whole or not at all."""

import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4


def write_whole(path: Path, write: Callable[[Path], None], *, shared: bool = False, flush: bool = True) -> None:
    """Writes a temporary file beside ``path`` and renames it, so that no reader ever sees half of it.

    Args:
        path: the file to make or to replace.
        write: writes the file whose path it is given.
        shared: several processes may write ``path`` at the same time: each one's temporary file has a name of its own.
            Without it, the next write cleans up what a killed process left behind.
        flush: waits until the content has reached the disk, so that it survives a crash of the machine.

    Raises:
        OSError: the disk is full or not writable; what was at ``path`` is untouched.
    """
    partial = path.with_name(f".{path.name}{f'.{uuid4().hex}' if shared else ''}.partial")
    try:
        write(partial)
        partial.chmod(0o666 & ~_umask())  # safetensors writes files that nobody else may read
        if flush:
            _flush(partial, os.O_RDWR)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    if flush and os.name == "posix":  # the rename itself is in the folder
        _flush(path.parent, os.O_RDONLY)


def write_whole_text(path: Path, text: str) -> None:
    """Writes a text file whole, UTF-8, and its folder where it is missing.

    Raises:
        OSError: see :func:`write_whole`.
    """

    def write(partial: Path) -> None:
        partial.write_text(text, encoding="utf-8")

    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, write)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _flush(path: Path, mode: int) -> None:
    handle = os.open(path, mode)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
