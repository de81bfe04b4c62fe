"""Hostile input: every case succeeds or ends in one clear line; and what the fuzzer itself would notice."""

import contextlib
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hostile_images
import pytest
from case_worker import CANARY, CaseWorker, Play, read_by_all
from fuzz import SHARES, player, search

from cyclesr.errors import UserError

DEFAULT, WHOLE = 60, 1000  # cases of the default tests, in this process; of the slow tests


def test_damaged_images_are_read_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def judge(case: dict[str, Any]) -> None:
        for name, content in hostile_images.play({**case, "way": "read"}).files.items():
            if isinstance(content, bytes):
                Path(name).write_bytes(content)
                with contextlib.suppress(UserError):
                    read_by_all(name)

    search("images", DEFAULT, 0, judge, shrink=True)


@pytest.fixture(scope="module")
def play() -> Iterator[Callable[[str, dict[str, Any]], Any]]:
    with player() as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("kind", SHARES)
def test_hostile_cases_end_in_one_line_or_well(kind: str, play: Any) -> None:
    def judge(case: dict[str, Any]) -> None:
        outcome = play(kind, case)
        assert not outcome.fault, f"{json.dumps(case)}\n{outcome.text}"

    search(kind, WHOLE * SHARES[kind] // 100, 0, judge, shrink=True)


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def fill_memory() -> None:
    bytearray(5 * 2**30)


def write_beside() -> None:
    Path("beside.txt").write_text("x")


def write_outside() -> None:
    Path("../../outside_of_the_sandbox").unlink(missing_ok=True)


def run_code() -> None:
    Path(CANARY).touch()


def start_program() -> None:
    os.system("true")


def print_much() -> None:
    for line in range(100):
        os.write(2, f"warning {line}\n".encode())


def end_unclearly() -> None:
    raise UserError("no")


def compute_long() -> None:
    while True:
        pass


@pytest.mark.slow
def test_the_worker_notices_faults_and_goes_on(tmp_path: Path) -> None:
    expected = {
        crash: "died, -11",
        fill_memory: "MemoryError",
        write_beside: "other files changed: case/beside.txt",
        write_outside: "outside_of_the_sandbox",
        run_code: "foreign code ran",
        start_program: "os.system",
        print_much: "lines were printed",
        end_unclearly: "no clear line",
        compute_long: "over 10 s of CPU time",
    }
    worker = CaseWorker(tmp_path)
    for function, fault in expected.items():
        assert fault in worker.play(Play({}, ("call", "test_fuzz", function.__name__))).fault
    assert worker.play(Play({"a": b"x"}, ("list", "losses"))).ended == "right"
    assert worker.play(Play({"a": b"x"}, ("infer", "a", "b", "-o", "out"))).ended == "error"
    worker.close()
