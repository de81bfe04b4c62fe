"""Which memory format a machine gets."""

import pytest
import torch

from cyclesr.engine.memory_format import memory_format


@pytest.mark.parametrize(
    ("gpu", "capability", "expected"),
    [
        (True, "AVX2", torch.channels_last),
        (False, "AVX512", torch.channels_last),
        (False, "AVX2", torch.contiguous_format),
        (False, "DEFAULT", torch.contiguous_format),
    ],
)
def test_auto_asks_the_machine(monkeypatch, gpu, capability, expected) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert memory_format("auto") == expected


def test_otherwise_it_is_what_was_asked_for() -> None:
    assert memory_format(True) == torch.channels_last
    assert memory_format(False) == torch.contiguous_format
