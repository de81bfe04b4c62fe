"""Learning rates over time."""

import pytest
import torch

from cyclesr.optim.schedule import LinearDecayLR


def rates(steps: int, **kwargs: float) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=2.0)
    schedule = LinearDecayLR(optimizer, begin=0, end=steps, by_epoch=False, **kwargs)
    seen = []
    for _ in range(steps):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return seen


def test_constant_then_linear_to_zero() -> None:
    assert rates(8) == pytest.approx([2, 2, 2, 2, 2, 1.5, 1, 0.5])


def test_can_stop_before_the_end() -> None:
    assert rates(8, decay_from=0.25, stop_at=0.5) == pytest.approx([2, 2, 2, 1, 0, 0, 0, 0])


def test_a_training_that_became_longer_has_the_rates_of_its_new_length() -> None:
    straight = rates(12)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=2.0)
    former, schedule = (LinearDecayLR(optimizer, begin=0, end=end, by_epoch=False) for end in (6, 12))
    for _ in range(5):
        former.step()
    schedule.load_state_dict(former.state_dict())
    for step in range(6, 12):
        schedule.step()
        assert optimizer.param_groups[0]["lr"] == pytest.approx(straight[step])
