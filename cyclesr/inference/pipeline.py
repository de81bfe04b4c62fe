"""Reading ahead and writing behind: threads that keep the device from waiting for the disk."""

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
_PATIENCE = 0.1  # seconds between looks at whether the other side is still there


class Pipeline(ABC, Generic[Job, Found, Part]):
    """The work on each file: read it, make the parts of the result, write them."""

    @abstractmethod
    def read(self, job: Job) -> Found:
        """Reads a file; in a thread of its own."""

    @abstractmethod
    def make(self, job: Job, found: Found) -> Iterable[Part]:
        """Makes the parts of the result; in the calling thread."""

    @abstractmethod
    def write(self, job: Job, found: Found, parts: Iterable[Part]) -> None:
        """Writes the result; in a thread of its own."""


def run_pipeline(
    jobs: Iterable[Job], pipeline: Pipeline[Job, Found, Part], workers: int
) -> Iterator[tuple[Job, UserError | None]]:
    """Reads, makes and writes one file after the other, each of the three while the others are at other files.

    What waits is bounded: ``workers`` files that have been read, and two parts of each of ``workers`` files that are
    being written.

    Args:
        jobs: one for each file.
        pipeline: the work on it.
        workers: threads that read, and as many that write; 0 does everything in turn, in the calling thread.

    Yields:
        Each job in order, once it is written or has failed, and the error where it was a user's mistake. Other errors
        are raised.
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
    """Each job with its reading, which began when the one ``number`` jobs before it was taken."""
    waiting: deque[tuple[Job, Future[Found]]] = deque()
    for job in jobs:
        if len(waiting) == number:
            yield waiting.popleft()
        waiting.append((job, pool.submit(pipeline.read, job)))
    yield from waiting


def _started(
    pool: ThreadPoolExecutor, pipeline: Pipeline[Job, Found, Part], job: Job, reading: "Future[Found]"
) -> "Future[None]":
    """Makes the parts of one result and hands them over; the future is done when they are written."""
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
    """Parts on their way from the thread that makes them to one that uses them; two wait at most."""

    def __init__(self) -> None:
        self._queue: Queue[tuple[Part | None, BaseException | None]] = Queue(_PARTS_WAITING)
        self._refused = Event()

    def give(self, parts: Iterable[Part]) -> None:
        """Hands all parts over, unless the other side refuses more; a user's mistake in making them goes over too.

        Raises:
            BaseException: whatever else making them raises; the other side gets it as well, and stops.
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
        """Takes no more parts: the side that makes them stops."""
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
