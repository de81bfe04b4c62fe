"""docs/paper.md: the path from the command to the arithmetic of a loss is the one that a training takes."""

import re
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import cyclesr
from cyclesr.engine.launch import train
from cyclesr.engine.loop import ResumableTrainLoop
from cyclesr.engine.runner import Runner

ROOT = Path(__file__).parents[1]
PACKAGE = Path(cyclesr.__file__).parent


def rows_of_the_page() -> list[list[tuple[str, str]]]:
    """The functions of each row, with their file."""
    rows = re.findall(r"^\| \d \| `([^`]+)` \| (.+?) \|", (ROOT / "docs" / "paper.md").read_text(), flags=re.M)
    return [[(file, name.split(".")[-1]) for name in re.findall(r"`(\w+(?:\.\w+)*)`", cell)] for file, cell in rows]


@pytest.mark.slow
def test_the_path_is_the_one_that_a_training_takes(
    tiny_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str]] = []

    def watch(frame: FrameType, event: str, _: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(PACKAGE):
            seen.append((str(path.relative_to(PACKAGE)), frame.f_code.co_name))

    def run_iter(self: ResumableTrainLoop, batch: Any) -> None:
        sys.setprofile(watch if self._iter == 2 else None)  # the first joint one
        try:
            iterate(self, batch)
        finally:
            sys.setprofile(None)

    iterate = ResumableTrainLoop.run_iter
    monkeypatch.setattr(ResumableTrainLoop, "run_iter", run_iter)
    train(str(tiny_config), work_dir=str(tmp_path / "run"), iterations=3, device="cpu")

    launch, runner, *steps = rows_of_the_page()
    assert launch == [(str(Path(train.__code__.co_filename).relative_to(PACKAGE)), train.__name__)]
    assert runner == [("engine/runner.py", Runner.__name__)]
    assert {call for row in steps for call in row} - set(seen) == {("models/collaborative.py", "joint")}  # not chosen
    first = [seen.index(row[0]) for row in steps]
    assert first == sorted(first)
