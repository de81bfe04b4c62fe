"""Work on many files in several processes."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_processes(work: Callable[[Item], Result], items: Sequence[Item], workers: int = 1) -> Iterator[Result]:
    """Results of ``work`` in the order of the items, as they get ready.

    Args:
        work: a function of a module, so that it can be sent to a process.
        items: what it is called with, one at a time.
        workers: processes of one thread each; 1 works in this one.
    """
    if workers <= 1:
        yield from map(work, items)
        return
    # Not forked: a copy of a process that has used threads may hang.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        yield from pool.map(work, items)


def _one_thread() -> None:
    import cv2
    import torch

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
