"""Atomic file writes: a file is either complete or absent."""

import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from uuid import uuid4

_LOCK = Lock()


def write_whole(path: Path, write: Callable[[Path], None], *, shared: bool = False, flush: bool = True) -> None:
    """Writes a temporary file next to ``path`` and renames it, so that readers never see an incomplete file.

    Args:
        path: file to create or to replace.
        write: function that writes the file at the path it receives.
        shared: whether several processes may write ``path`` at the same time. Each then uses a temporary file with a
            unique name. Otherwise the name is fixed, so that the next write replaces the temporary file of a process
            that was killed.
        flush: whether to wait until the content is on the disk, so that it survives a crash of the machine.

    Raises:
        OSError: the disk is full or not writable. An existing file at ``path`` is unchanged.
    """
    partial = path.with_name(f".{path.name}{f'.{uuid4().hex}' if shared else ''}.partial")
    try:
        write(partial)
        partial.chmod(0o666 & ~_umask())  # safetensors writes files that other users cannot read
        if flush:
            _flush(partial, os.O_RDWR)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    if flush and os.name == "posix":  # flushes the rename, which is an entry of the folder
        _flush(path.parent, os.O_RDONLY)


def write_whole_bytes(path: Path, content: bytes, *, flush: bool = True) -> None:
    """Writes bytes with :func:`write_whole`, and creates the folder if necessary.

    Raises:
        OSError: see :func:`write_whole`.
    """

    def write(partial: Path) -> None:
        partial.write_bytes(content)

    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, write, flush=flush)


def write_whole_text(path: Path, text: str) -> None:
    """Writes a text file in UTF-8 (file names that are not UTF-8 as escapes) with :func:`write_whole_bytes`.

    Raises:
        OSError: see :func:`write_whole`.
    """
    write_whole_bytes(path, text.encode(errors="backslashreplace"))


def _umask() -> int:
    with _LOCK:  # between the two calls, another thread would read 0 and leave it
        mask = os.umask(0)
        os.umask(mask)
    return mask


def _flush(path: Path, mode: int) -> None:
    handle = os.open(path, mode)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
