"""A lock on a work dir, so that two trainings never write to the same one."""

import errno
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mmengine.logging import print_log

from cyclesr.engine.ranks import on_rank_0
from cyclesr.errors import UserError

LOCK = ".lock"
_HELD = (errno.EACCES, errno.EAGAIN)  # what a system says of a lock that another process holds


@contextmanager
def only_training_in(work_dir: Path) -> Iterator[None]:
    """Locks a work dir. All ranks must call it; rank 0 holds the lock.

    The operating system releases the lock when the process ends, even if it is killed.

    Raises:
        UserError: another process trains in this work dir.
    """
    held = ExitStack()

    def lock() -> None:
        held.enter_context(_locked(work_dir))

    on_rank_0(lock)
    with held:
        yield


@contextmanager
def _locked(work_dir: Path) -> Iterator[None]:
    made = not work_dir.exists()
    try:
        work_dir.mkdir(parents=True, exist_ok=True)
        file = (work_dir / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise UserError(f"The work dir {work_dir} cannot be written: {error.strerror}.") from error
    with file:
        try:
            _lock(file.fileno())
        except OSError as error:
            if error.errno in _HELD:
                file.seek(0)
                owner = file.read().strip() or "another process"
                raise UserError(
                    f"{owner} trains in the work dir {work_dir}: wait until it ends, or give another --work-dir."
                ) from error
            print_log(f"{work_dir} cannot be locked ({error.strerror}): train in it only once at a time.", "current")
        else:
            file.truncate(0)
            file.write(f"Process {os.getpid()} on {socket.gethostname()}, since {time.strftime('%Y-%m-%d %H:%M')},\n")
            file.flush()
        try:
            yield
        finally:
            if made and [path.name for path in work_dir.iterdir()] == [LOCK]:  # the training did not start
                (work_dir / LOCK).unlink()
                work_dir.rmdir()


def _lock(handle: int) -> None:
    """Locks an open file without waiting.

    On POSIX it is a record lock, which forked data loader workers do not inherit: they outlive a killed training by
    some seconds.
    """
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, 1 << 20, os.SEEK_SET)  # beyond the text, which others may then read
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
