"""The memory format that ``auto`` chooses."""

import pytest
import torch

from cyclesr.optim.memory_format import memory_format


@pytest.mark.parametrize(
    ("gpu", "amx", "expected"),
    [
        (True, False, torch.channels_last),
        (False, True, torch.channels_last),
        (False, False, torch.contiguous_format),
    ],
)
def test_auto_depends_on_the_hardware(monkeypatch, gpu, amx, expected) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    assert memory_format("auto") == expected


def test_a_given_format_is_used() -> None:
    assert memory_format(True) == torch.channels_last
    assert memory_format(False) == torch.contiguous_format
