"""Pixel losses compared with values computed by hand."""

import math

import pytest
import torch

from cyclesr.models.losses.pixel import charbonnier, low_pass_l1
from cyclesr.registry import LOSSES

SR = torch.tensor([0.5, 1.0]).view(1, 1, 1, 2)
HR = torch.tensor([0.5, 0.6]).view(1, 1, 1, 2)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (dict(type="MSELoss"), 0.16 / 2),
        (dict(type="MSELoss", weight=1000.0), 80.0),
        (dict(type="L1Loss", weight=10.0), 2.0),
        (dict(type="CharbonnierLoss", weight=2.0, epsilon=0.3), 0.3 + 0.5),
    ],
)
def test_values_by_hand(config: dict, expected: float) -> None:
    assert LOSSES.build(config)(SR, HR).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", ["MSELoss", "L1Loss", "CharbonnierLoss"])
def test_gradients_and_precision(name: str) -> None:
    loss = LOSSES.build(dict(type=name, weight=3.0))
    sr, hr = (torch.rand(1, 3, 2, 2, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(loss, (sr, hr))
    assert loss(torch.rand(1, 3, 4, 4).bfloat16(), torch.rand(1, 3, 4, 4)).dtype == torch.float32


def test_charbonnier_at_zero_is_epsilon() -> None:
    assert charbonnier(HR, HR, 0.25).item() == 0.25
    assert charbonnier(SR, HR, 1e-9).item() == pytest.approx(0.2, rel=1e-6)


def test_low_pass_l1_ignores_noise_of_zero_mean() -> None:
    checker = torch.tensor([1.0, -1.0]).repeat(1, 1, 4, 4)
    checker = checker * torch.tensor([1.0, -1.0, 1.0, -1.0]).view(1, 1, 4, 1)
    flat = torch.zeros_like(checker)
    assert low_pass_l1(checker, flat, 2).item() == 0.0
    assert low_pass_l1(checker, flat, 0).item() == 1.0
    assert low_pass_l1(flat + 0.5, flat, 2).item() == 0.5
    assert math.isclose(low_pass_l1(checker, flat, 3).item(), 1 / 9, rel_tol=1e-6)
