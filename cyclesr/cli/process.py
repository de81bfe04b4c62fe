"""How a command ends: its exit code, and one line for a user's mistake."""

import atexit
import errno
import gc
import os
import signal
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import Any

from cyclesr.errors import UserError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # errors of writing that do not name the file


def run(main: Callable[[], Any]) -> None:
    """Run ``main`` and leave the process: 0 when done, 2 after a ``UserError``, 130 after Ctrl-C, 143 after SIGTERM.

    A user's mistake is one line on stderr without a traceback. So is a file or folder that cannot be read or written,
    a full disk, and memory that does not suffice.
    A pipe whose reader has left, such as ``head``, ends the process with 141, as a shell reports it.
    """
    atexit.register(gc.freeze)  # Python would search all that torch has made for garbage before it ends: seconds
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # names of files that are not UTF-8
            stream.reconfigure(errors="backslashreplace")
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes once more when it ends
        sys.exit(141)
    except UserError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        if error.filename is None and error.errno not in FULL:
            raise
        print(f"error: {error.filename or 'writing a file'}: {error.strerror}", file=sys.stderr)
        sys.exit(2)
    except (MemoryError, RuntimeError) as error:
        if not _ran_out_of_memory(error):
            raise
        cause = (str(error).splitlines() or [""])[0]
        print(f"error: the memory is too small: choose smaller sizes or batches. {cause}".rstrip(), file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt as stop:
        print(str(stop) or "stopped", file=sys.stderr)
        sys.exit(128 + getattr(stop, "number", signal.SIGINT))
    sys.exit(0)


def _ran_out_of_memory(error: Exception) -> bool:
    """Returns whether memory ran out. It does not import torch; on CPUs, only the message tells."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return isinstance(error, MemoryError) or "OutOfMemoryError" in names or "DefaultCPUAllocator" in str(error)
