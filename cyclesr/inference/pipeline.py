"""A pipeline of reading, computing and writing files, with threads so that the device does not wait for the disk."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import Empty, Full, Queue
from threading import Event
from typing import Generic, TypeVar

from cyclesr.errors import UserError

Job = TypeVar("Job")
Found = TypeVar("Found")
Part = TypeVar("Part")

_PARTS_WAITING = 2
_PATIENCE = 0.1  # seconds between checks whether the consumer still accepts parts


class Pipeline(ABC, Generic[Job, Found, Part]):
    """The work on each file: read it, make the parts of the result, write them."""

    @abstractmethod
    def read(self, job: Job) -> Found:
        """Reads a file. Runs in a reader thread."""

    @abstractmethod
    def make(self, job: Job, found: Found) -> Iterable[Part]:
        """Makes the parts of the result. Runs in the calling thread."""

    @abstractmethod
    def write(self, job: Job, found: Found, parts: Iterable[Part]) -> None:
        """Writes the result. Runs in a writer thread."""


def run_pipeline(
    jobs: Iterable[Job], pipeline: Pipeline[Job, Found, Part], workers: int
) -> Iterator[tuple[Job, UserError | None]]:
    """Reads, makes and writes the files in order, each of the three on another file at the same time.

    Memory is bounded: at most ``workers`` files that have been read wait, and at most two parts of each of ``workers``
    files that are being written.

    Args:
        jobs: one job per file.
        pipeline: the work on it.
        workers: number of reader threads, and of writer threads. 0 runs everything in turn in the calling thread.

    Yields:
        Each job in order after it was written or failed, with its ``UserError`` or ``None``. Other errors are raised.
    """
    if workers == 0:
        for job in jobs:
            yield job, _user_error(partial(_in_turn, job, pipeline))
        return
    readers, writers = ThreadPoolExecutor(workers), ThreadPoolExecutor(workers)
    pending: deque[tuple[Job, Future[None]]] = deque()
    try:
        for job, reading in _read_ahead(readers, pipeline, jobs, workers):
            pending.append((job, _started(writers, pipeline, job, reading)))
            while pending and pending[0][1].done():
                yield _outcome(*pending.popleft())
        while pending:
            yield _outcome(*pending.popleft())
    finally:
        for pool in (readers, writers):
            pool.shutdown(cancel_futures=True)


def _in_turn(job: Job, pipeline: Pipeline[Job, Found, Part]) -> None:
    found = pipeline.read(job)
    pipeline.write(job, found, pipeline.make(job, found))


def _outcome(job: Job, future: "Future[None]") -> tuple[Job, UserError | None]:
    return job, _user_error(future.result)


def _user_error(work: Callable[[], None]) -> UserError | None:
    try:
        work()
    except UserError as error:
        return error
    return None


def _read_ahead(
    pool: ThreadPoolExecutor, pipeline: Pipeline[Job, Found, Part], jobs: Iterable[Job], number: int
) -> Iterator[tuple[Job, "Future[Found]"]]:
    """Yields each job with the future of its reading. At most ``number`` jobs are submitted ahead of the consumer."""
    waiting: deque[tuple[Job, Future[Found]]] = deque()
    for job in jobs:
        if len(waiting) == number:
            yield waiting.popleft()
        waiting.append((job, pool.submit(pipeline.read, job)))
    yield from waiting


def _started(
    pool: ThreadPoolExecutor, pipeline: Pipeline[Job, Found, Part], job: Job, reading: "Future[Found]"
) -> "Future[None]":
    """Makes the parts of one result and passes them to a writer thread. The future is done when they are written."""
    parts: Handover[Part] = Handover()

    def work() -> None:
        try:
            pipeline.write(job, reading.result(), parts)
        finally:
            parts.refuse()

    future = pool.submit(work)
    if reading.exception() is None:
        parts.give(pipeline.make(job, reading.result()))
    return future


class Handover(Generic[Part]):
    """A bounded queue that passes parts from the producing thread to the consuming thread. It holds two parts."""

    def __init__(self) -> None:
        self._queue: Queue[tuple[Part | None, BaseException | None]] = Queue(_PARTS_WAITING)
        self._refused = Event()

    def give(self, parts: Iterable[Part]) -> None:
        """Passes all parts to the consumer, until it refuses more. A ``UserError`` while making them is passed on too.

        Raises:
            BaseException: any other error while making them. The consumer gets it as well, and stops.
        """
        end: BaseException | None = None
        try:
            for part in parts:
                if not self._put((part, None)):
                    return
        except BaseException as error:
            end = error
        self._put((None, end))
        if end is not None and not isinstance(end, UserError):
            raise end

    def _put(self, entry: tuple[Part | None, BaseException | None]) -> bool:
        while not self._refused.is_set():
            try:
                self._queue.put(entry, timeout=_PATIENCE)
                return True
            except Full:
                continue
        return False

    def refuse(self) -> None:
        """Refuses further parts, so that the producer stops."""
        self._refused.set()
        while True:
            try:
                self._queue.get_nowait()
            except Empty:
                return

    def __iter__(self) -> Iterator[Part]:
        while True:
            part, end = self._queue.get()
            if end is not None:
                raise end
            if part is None:
                return
            yield part
