"""Processes that share the files of a folder."""

import os
from pathlib import Path

import pytest
from torch import distributed

from cyclesr.inference import files
from cyclesr.inference.files import Report, choose_device, to_do, total_report
from cyclesr.inference.ranks import ALONE, Ranks, ranks_of_torchrun


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_each_file_is_done_by_one_process(count: int) -> None:
    done = [file for number in range(count) for file in Ranks(number, count).share(range(5))]
    assert sorted(done) == list(range(5))


def test_files_are_shared_before_existing_ones_are_skipped(tmp_path: Path) -> None:
    """A process that starts late finds results of the first, and must not take other files for its own."""
    pairs = [(Path(f"{i}.png"), tmp_path / f"{i}.png") for i in range(5)]
    pairs[0][1].touch()
    pairs[3][1].touch()
    own = [to_do(pairs, Ranks(number, 2), True) for number in range(2)]
    assert own == [([pairs[2], pairs[4]], 1), ([pairs[1]], 1)]
    assert to_do(pairs, ALONE, False) == (pairs, 0)


def test_reports_are_added() -> None:
    total = total_report([Report([Path("a")], ["x"], ["note"], 1), Report([Path("b")], skipped=1)])
    assert (total.written, total.failed, total.notes, total.skipped) == ([Path("a"), Path("b")], ["x"], ["note"], 2)
    assert total.summary("image", "out") == "2 images written to out; 2 were there already"


def test_without_torchrun_a_process_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    with ranks_of_torchrun() as ranks:
        assert ranks == ALONE
        assert ranks.gathered("own") == ["own"]
    assert not distributed.is_initialized()


def test_each_process_takes_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(files.torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(files.torch, "zeros", lambda *_size, device: files.torch.ones(1))
    for rank, expected in ((None, "cuda:0"), ("1", "cuda:1"), ("2", "cuda:0")):
        monkeypatch.setitem(os.environ, "LOCAL_RANK", rank or "")
        assert str(choose_device("auto")) == expected
