"""The endless sampler continues from a given position."""

from itertools import islice

import pytest

from cyclesr.engine import sampler as module
from cyclesr.engine.sampler import EndlessSampler


def test_start_continues_the_same_stream() -> None:
    straight = list(islice(EndlessSampler(range(3)), 10))
    resumed = EndlessSampler(range(3))
    resumed.start = 4
    assert list(islice(resumed, 6)) == straight[4:]


def test_ranks_share_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = []
    for rank in range(2):
        monkeypatch.setattr(module, "get_dist_info", lambda rank=rank: (rank, 2))
        streams.append(list(islice(EndlessSampler(range(3)), 4)))
    assert streams == [[0, 2, 4, 6], [1, 3, 5, 7]]
