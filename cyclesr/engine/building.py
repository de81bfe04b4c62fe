"""Errors while the parts of a config are built, in one line that says what was built and where it failed."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmengine.config import Config

from cyclesr.errors import UserError

NEEDED = ("model", "train_dataloader", "train_cfg", "optim_wrapper")


def check_needed(config: Config) -> None:
    """Checks that a config has what a training needs.

    Raises:
        UserError: something is missing.
    """
    if missing := [name for name in NEEDED if not config.get(name)]:
        raise UserError(f"A training needs {' and '.join(missing)}, which the config {config.filename or ''} lacks.")


@contextmanager
def errors_of_config(what: str) -> Iterator[None]:
    """Turns errors of classes that are built in the block into one line: they take values that they do not expect.

    Args:
        what: what is built, for the message.

    Raises:
        UserError: any error but those that are one line anyway: of files, and of memory.
    """
    try:
        yield
    except (UserError, OSError, MemoryError, Warning):  # a warning is an error only where Python was told so
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        text = " ".join(str(error).split())
        raise UserError(
            f"{what} cannot be built as the config says: {type(error).__name__}: {text:.500} "
            f"({Path(place.filename).name}, line {place.lineno})"
        ) from error
