"""A disk that becomes full during a training: logs, previews and TensorBoard's thread write to it, too."""

import errno
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cyclesr.errors import UserError

_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def full_disk_in_one_line(work_dir: str) -> Iterator[None]:
    """Turns the error of a full disk within the block into one line, without tracebacks of threads and of the log.

    Raises:
        UserError: the disk is full.
    """
    hook, raises = threading.excepthook, logging.raiseExceptions

    def ignore_full_disk(args: Any) -> None:  # the thread's owner raises the same error when it writes again
        if getattr(args.exc_value, "errno", None) not in _FULL:
            hook(args)

    threading.excepthook, logging.raiseExceptions = ignore_full_disk, False
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise UserError(
            f"Writing {error.filename or f'to the work dir {work_dir}'} failed: {error.strerror}. Earlier checkpoints "
            "are intact: free space on the disk, then continue with --resume."
        ) from error
    finally:
        threading.excepthook, logging.raiseExceptions = hook, raises
