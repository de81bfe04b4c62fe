"""Processing of many files in several processes."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_processes(work: Callable[[Item], Result], items: Sequence[Item], workers: int = 1) -> Iterator[Result]:
    """Yields the results of ``work`` in the order of the items, as soon as they are ready.

    Args:
        work: a function at module level, so that it can be pickled.
        items: arguments of ``work``, one per call.
        workers: number of processes, each with one thread; 1 runs ``work`` in the current process.
    """
    if workers <= 1:
        yield from map(work, items)
        return
    # Spawned, because a fork of a process that has used threads may hang.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        yield from pool.map(work, items)


def _one_thread() -> None:
    import cv2
    import torch

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
