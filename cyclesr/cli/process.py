"""How a command ends: its exit code, and one line for a user's mistake."""

import os
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import Any

from cyclesr.errors import UserError


def run(main: Callable[[], Any]) -> None:
    """Run ``main`` and leave the process: 0 when done, 2 after a ``UserError``, 130 after Ctrl-C.

    A user's mistake is one line on stderr without a traceback. So is a file or folder that cannot be read or written.
    A pipe whose reader has left, such as ``head``, ends the process with 141, as a shell reports it.
    """
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
        if error.filename is None:
            raise
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)
    sys.exit(0)
