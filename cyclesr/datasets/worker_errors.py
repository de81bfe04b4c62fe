"""Errors of data loader workers as one line. torch gives them as a traceback of the worker process."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from cyclesr.errors import UserError

_FROM_WORKER = re.compile(r"Caught \w+ in (DataLoader worker|pin memory thread)")
_NO_SHARED_MEMORY = ("Bus error", "insufficient shared memory", "unable to allocate shared memory", "/torch_")
MORE_SHARED_MEMORY = (
    "use fewer workers (train_dataloader.num_workers=0 needs none of it), or make it larger: docker run --shm-size=2g"
)


@contextmanager
def errors_of_workers_in_one_line() -> Iterator[None]:
    """Turns errors of data loader workers within the block into one line without the traceback.

    Raises:
        UserError: a worker found a mistake in the data, could not read a file, ran out of memory or of shared memory,
            or was killed.
    """
    try:
        yield
    except (UserError, OSError, RuntimeError) as error:
        if line := one_line(error):
            raise UserError(line) from error
        raise


def one_line(error: Exception) -> str:
    """Returns what to tell a user about an error of a worker; an empty string if it is not one that a user can mend."""
    text = str(error)
    if not (_FROM_WORKER.match(text) or text.startswith("DataLoader worker")):
        return ""
    if any(words in text for words in _NO_SHARED_MEMORY):
        return f"The shared memory (/dev/shm) is too small for the data loader's workers: {MORE_SHARED_MEMORY}."
    if text.startswith("DataLoader worker"):
        return (
            f"A data loader worker was ended by the system ({text.splitlines()[0].rstrip('.')}); most often memory ran "
            "out: use fewer workers, train_dataloader.num_workers=0 for instance."
        )
    if isinstance(error, UserError):
        return text.rpartition("UserError: ")[2].strip()
    return text.strip().splitlines()[-1] if isinstance(error, OSError) else ""
