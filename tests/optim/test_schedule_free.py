"""Schedule-free AdamW: the weights for inference against the method's recursion, and what must not change them."""

import copy
from pathlib import Path

import pytest
import torch
from torch import nn

from cyclesr.errors import UserError
from cyclesr.optim.parts import PartOptimizersConstructor

pytest.importorskip("schedulefree")
SETTINGS = dict(type="AdamWScheduleFree", lr=0.01, betas=(0.8, 0.99), weight_decay=0.1)


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.sr = nn.Linear(3, 2).double()
        self.other = nn.Linear(3, 2).double()

    def parts(self) -> dict[str, nn.Module]:
        return dict(sr=self.sr, other=self.other)


def trained(steps: int) -> tuple[Model, object]:
    model = Model()
    parts = dict(sr=dict(optimizer=dict(SETTINGS)), other=dict(optimizer=dict(type="AdamW", lr=0.01)))
    optimizers = PartOptimizersConstructor(parts)(model)
    for step in range(steps):
        advance(model, optimizers, step)
    return model, optimizers


def advance(model: Model, optimizers, step: int) -> None:
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(step), dtype=torch.float64)
    optimizers.update(dict(loss_sr=model.sr(x).square().sum() + model.other(x).square().sum()), "sr", "other")


def by_hand(steps: int) -> torch.Tensor:
    """Alg. 1 of Defazio et al. with AdamW's step, for the weights ``x``."""
    model, (beta, beta2), lr = Model(), SETTINGS["betas"], SETTINGS["lr"]
    x = z = torch.cat([model.sr.weight.detach(), model.sr.bias.detach()[:, None]], 1)
    second = torch.zeros_like(x)
    for step in range(steps):
        y = ((1 - beta) * z + beta * x).requires_grad_()
        inputs = torch.randn(5, 3, generator=torch.Generator().manual_seed(step), dtype=torch.float64)
        ((inputs @ y[:, :3].T + y[:, 3]).square().sum()).backward()
        second = beta2 * second + (1 - beta2) * y.grad.square()
        size = second.sqrt() / (1 - beta2 ** (step + 1)) ** 0.5 + 1e-8
        z = z - lr * (y.grad / size + SETTINGS["weight_decay"] * y.detach())
        x = x + (z - x) / (step + 1)
    return x


def test_the_weights_for_inference_follow_the_recursion() -> None:
    model, optimizers = trained(6)
    with optimizers.averaged_weights():
        found = torch.cat([model.sr.weight.detach(), model.sr.bias.detach()[:, None]], 1)
    torch.testing.assert_close(found, by_hand(6), rtol=0, atol=1e-12)


def test_looking_at_them_changes_nothing_and_what_was_taken_stays() -> None:
    (plain, _), (model, optimizers) = trained(4), trained(2)
    other = model.other.weight.detach().clone()
    with optimizers.averaged_weights():
        taken = model.sr.state_dict()["weight"]
        kept = taken.clone()
        with optimizers.averaged_weights():  # as a validation within a save
            assert torch.equal(model.sr.weight, taken)
        assert torch.equal(model.sr.weight, taken)
        assert torch.equal(model.other.weight, other)
    assert not torch.equal(model.sr.weight, taken)
    for step in (2, 3):
        advance(model, optimizers, step)
    assert torch.equal(model.sr.weight, plain.sr.weight)
    assert torch.equal(taken, kept)
    with optimizers.averaged_weights():
        expected = copy.deepcopy(model.sr.weight)
    optimizers.finish()
    assert torch.equal(model.sr.weight, expected)


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "schedulefree", None)
    with pytest.raises(UserError, match=r"cyclesr\[schedulefree\]"):
        trained(0)


def test_its_state_can_be_saved_and_loaded(tmp_path: Path) -> None:
    model, optimizers = trained(3)
    torch.save((model.state_dict(), optimizers.state_dict()), tmp_path / "state.pth")
    resumed, again = trained(0)
    weights, state = torch.load(tmp_path / "state.pth", weights_only=True)
    resumed.load_state_dict(weights)
    again.load_state_dict(state)
    for step in (3, 4):
        advance(model, optimizers, step)
        advance(resumed, again, step)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), resumed.parameters(), strict=True))
