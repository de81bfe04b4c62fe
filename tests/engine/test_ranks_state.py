"""The state of a rank is restored exactly."""

import random

import numpy as np
import torch
from torch import nn

from cyclesr.engine.ranks import own_buffers, random_state, set_own_buffers, set_random_state
from cyclesr.models.translators.image_pool import ImagePool


def draws() -> list[float]:
    return [random.random(), random.gauss(0, 1), np.random.rand(), np.random.randn(), torch.randn(()).item()]


def test_random_generators_continue_from_a_saved_state(tmp_path) -> None:
    draws()
    torch.save(random_state(), tmp_path / "state.pth")
    expected = [draws() for _ in range(3)]
    set_random_state(torch.load(tmp_path / "state.pth", weights_only=True))
    assert [draws() for _ in range(3)] == expected


def test_buffers_and_pools_of_any_size_are_restored() -> None:
    trained, fresh = (nn.ModuleDict(dict(norm=nn.BatchNorm2d(3), pool=ImagePool(4))) for _ in range(2))
    trained["norm"](torch.rand(2, 3, 4, 4))
    trained["pool"](torch.rand(3, 3, 4, 4))
    set_own_buffers(fresh, own_buffers(trained))
    for name, buffer in trained.named_buffers():
        assert torch.equal(dict(fresh.named_buffers())[name], buffer)
