"""The pipeline of readers and writers: order, errors, bounds on what waits."""

import threading
import time
from collections.abc import Iterable, Iterator

import pytest

from cyclesr.errors import UserError
from cyclesr.inference.pipeline import Pipeline, run_pipeline


class Numbers(Pipeline[int, range, int]):
    """A job is a number, its result twice each smaller number. Jobs fail at the stages named by keyword."""

    def __init__(self, **fails: object) -> None:
        self.fails = fails
        self.results: dict[int, list[int]] = {}
        self.events: list[tuple[str, int]] = []
        self.threads: set[int] = set()

    def _note(self, stage: str, job: int) -> None:
        self.events.append((stage, job))
        error = self.fails.get(f"{stage}{job}")
        if error:
            raise error

    def read(self, job: int) -> range:
        self.threads.add(threading.get_ident())
        self._note("read", job)
        return range(job)

    def make(self, job: int, found: range) -> Iterator[int]:
        for i in found:
            yield 2 * i
        self._note("make", job)

    def write(self, job: int, found: range, parts: Iterable[int]) -> None:
        self.threads.add(threading.get_ident())
        self._note("write", job)
        self.results[job] = list(parts)


@pytest.mark.parametrize("workers", [0, 1, 4])
def test_results_and_order(workers: int) -> None:
    pipeline = Numbers()
    assert list(run_pipeline(range(20), pipeline, workers)) == [(job, None) for job in range(20)]
    assert pipeline.results == {job: [2 * i for i in range(job)] for job in range(20)}
    assert (threading.get_ident() in pipeline.threads) == (workers == 0)


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("stage", ["read", "make", "write"])
def test_a_user_error_at_any_stage_fails_only_its_file(workers: int, stage: str) -> None:
    error = UserError("disk full")
    pipeline = Numbers(**{f"{stage}7": error})
    outcomes = list(run_pipeline(range(12), pipeline, workers))
    assert outcomes == [(job, error if job == 7 else None) for job in range(12)]
    assert sorted(pipeline.results) == [job for job in range(12) if job != 7]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("stage", ["read", "make", "write"])
def test_other_errors_are_raised(workers: int, stage: str) -> None:
    with pytest.raises(ZeroDivisionError):
        list(run_pipeline(range(9), Numbers(**{f"{stage}5": ZeroDivisionError()}), workers))


def test_a_writer_that_stops_early_stops_the_producer() -> None:
    made = []

    class Stops(Numbers):
        def make(self, job: int, found: range) -> Iterator[int]:
            for i in range(10**9):
                made.append(i)
                yield i

        def write(self, job: int, found: range, parts: Iterable[int]) -> None:
            next(iter(parts))
            raise UserError("full")

    assert [str(error) for _, error in run_pipeline([1], Stops(), 1)] == ["full"]
    assert len(made) < 10**6


def test_reading_ahead_and_making_ahead_are_bounded() -> None:
    writing = threading.Event()

    class Slow(Numbers):
        def write(self, job: int, found: range, parts: Iterable[int]) -> None:
            writing.wait()
            super().write(job, found, parts)

    pipeline = Slow()
    results: list = []
    thread = threading.Thread(target=lambda: results.extend(run_pipeline([9] * 50, pipeline, 2)))
    thread.start()
    time.sleep(0.5)
    assert sum(stage == "read" for stage, _ in pipeline.events) <= 2 + 2
    assert sum(stage == "make" for stage, _ in pipeline.events) == 0  # nine parts do not fit into the queue
    writing.set()
    thread.join()
    assert len(results) == 50


def test_stopping_early_leaves_no_thread() -> None:
    before = threading.active_count()
    for job, _ in run_pipeline(range(100), Numbers(), 3):
        if job == 5:
            break
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before
