"""Processes that torchrun started, which share the files of a folder."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple, TypeVar

from torch import distributed

Item = TypeVar("Item")


class Ranks(NamedTuple):
    """This process among those of one torchrun.

    Attributes:
        number: of this process, from 0.
        processes: how many there are.
    """

    number: int = 0
    processes: int = 1

    def share(self, items: Sequence[Item]) -> list[Item]:
        """Returns what this process does of ``items``, which all processes list in the same order."""
        return list(items[self.number :: self.processes])

    def gathered(self, own: Item) -> list[Item]:
        """Returns what each process passes here, on every process, once the last one has come."""
        if self.processes == 1:
            return [own]
        found: list[Item] = [own] * self.processes
        distributed.all_gather_object(found, own)
        return found


ALONE = Ranks()


@contextmanager
def ranks_of_torchrun() -> Iterator[Ranks]:
    """Yields this process among those that torchrun started, or :data:`ALONE`.

    They exchange only what they report at the end, through gloo.
    """
    number, count = (int(os.environ.get(name, "") or default) for name, default in (("RANK", 0), ("WORLD_SIZE", 1)))
    if count == 1:
        yield ALONE
        return
    distributed.init_process_group("gloo", timeout=timedelta(days=365))  # the first waits for the last at the end
    try:
        yield Ranks(number, count)
    finally:
        distributed.destroy_process_group()
