"""Optimizers of a model's parts, and precision."""

import copy

import pytest
import torch
from torch import nn

from cyclesr.errors import UserError
from cyclesr.optim.parts import PartOptimizers, PartOptimizersConstructor
from cyclesr.optim.precision import autocast_dtype

ADAM = dict(optimizer=dict(type="Adam", lr=1e-2))


class OnlySR(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.sr = nn.Linear(2, 2)

    def parts(self) -> dict[str, nn.Module]:
        return {"sr": self.sr}


def test_unknown_part_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"'srr'.*'sr'"):
        PartOptimizersConstructor(dict(sr=ADAM, srr=ADAM))(OnlySR())


def test_a_part_without_optimizer_is_an_error() -> None:
    with pytest.raises(UserError, match=r"optimizer.*'sr'.*OnlySR"):
        PartOptimizersConstructor({})(OnlySR())


def test_clip_grad_clips_the_norm_and_does_not_change_the_config() -> None:
    config = dict(sr=dict(optimizer=dict(type="SGD", lr=1.0), clip_grad=dict(max_norm=0.5)))
    model = OnlySR()
    before = [p.detach().clone() for p in model.parameters()]
    optimizers = PartOptimizersConstructor(config)(model)
    optimizers.update(dict(loss_a=1e3 * model.sr(torch.ones(1, 2)).sum()), "sr")
    step = torch.cat([(b - p.detach()).flatten() for b, p in zip(before, model.parameters(), strict=True)])
    assert step.norm().item() == pytest.approx(0.5, rel=1e-4)
    assert config["sr"]["clip_grad"] == dict(max_norm=0.5)


def test_update_sums_the_losses() -> None:
    model = OnlySR()
    optimizers = PartOptimizersConstructor(dict(sr=dict(optimizer=dict(type="SGD", lr=1.0))))(model)
    bias = model.sr.bias.detach().clone()
    out = model.sr(torch.zeros(1, 2))
    losses = dict(loss_a=out.sum(), loss_b=2 * out.sum())
    update = optimizers.update(losses, "sr")
    torch.testing.assert_close(model.sr.bias.detach(), bias - 3.0)
    assert bool(update.stepped)
    assert {name: loss.item() for name, loss in update.losses.items()} == {n: x.item() for n, x in losses.items()}
    assert not any(loss.requires_grad for loss in update.losses.values())
    assert all(loss.requires_grad for loss in losses.values())  # the caller's dict is left as it is


def test_bf16_autocast_reaches_the_forward_pass() -> None:
    model = OnlySR()
    optimizers = PartOptimizersConstructor(dict(amp="bf16", sr=ADAM))(model)
    with optimizers.autocast(torch.device("cpu")):
        out = model.sr(torch.ones(1, 2))
        optimizers.update(dict(loss=out.sum()), "sr")
    assert out.dtype == torch.bfloat16
    assert model.sr.weight.dtype == torch.float32


def test_a_forward_pass_after_the_step_sees_the_new_weights() -> None:
    model = OnlySR()
    optimizers = PartOptimizersConstructor(dict(amp="bf16", sr=dict(optimizer=dict(type="SGD", lr=1.0))))(model)
    with optimizers.autocast(torch.device("cpu")):
        optimizers.update(dict(loss=model.sr(torch.ones(1, 2)).sum()), "sr")
        again = model.sr(torch.ones(1, 2))
    with optimizers.autocast(torch.device("cpu")):
        assert torch.equal(again, model.sr(torch.ones(1, 2)))


def test_values_of_amp() -> None:
    assert autocast_dtype("none", torch.device("cpu")) is None
    with pytest.raises(UserError, match="'fp8'"):
        autocast_dtype("fp8", torch.device("cpu"))  # type: ignore[arg-type]


def test_fp16_scales_the_loss_and_keeps_its_scale_in_the_checkpoint() -> None:
    model = OnlySR()
    optimizers = PartOptimizersConstructor(dict(amp="fp16", sr=dict(optimizer=dict(type="SGD", lr=1.0))))(model)
    bias = model.sr.bias.detach().clone()
    optimizers.update(dict(loss=1e-7 * model.sr(torch.zeros(1, 2)).sum()), "sr")
    torch.testing.assert_close(model.sr.bias.detach(), bias - 1e-7)
    optimizers.update(dict(loss=model.sr(torch.full((1, 2), torch.inf)).sum()), "sr")
    assert optimizers.state_dict()["scale of sr"]["scale"] == 2.0**15  # halved once
    again = PartOptimizersConstructor(dict(amp="fp16", sr=dict(optimizer=dict(type="SGD", lr=1.0))))(model)
    again.load_state_dict(optimizers.state_dict())
    again.update(dict(loss=model.sr(torch.zeros(1, 2)).sum()), "sr")
    assert again.state_dict()["scale of sr"]["scale"] == 2.0**15


def test_moments_of_a_checkpoint_take_the_memory_format_of_the_weights() -> None:
    """Loads moments of another memory format, because fused kernels require the same layout for both."""

    class Convolution(nn.Module):
        def __init__(self, memory_format: torch.memory_format) -> None:
            super().__init__()
            self.sr = nn.Conv2d(3, 4, 3).to(memory_format=memory_format)

        def parts(self) -> dict[str, nn.Module]:
            return {"sr": self.sr}

    def step(model: nn.Module, optimizers: PartOptimizers) -> None:
        optimizers.update(dict(loss=model.sr(image).square().sum()), "sr")

    image = torch.rand(1, 3, 8, 8)
    first, same, other = (Convolution(f) for f in (torch.contiguous_format,) * 2 + (torch.channels_last,))
    optimizers = {model: PartOptimizersConstructor(dict(sr=ADAM))(model) for model in (first, same, other)}
    for _ in range(3):
        step(first, optimizers[first])
    state = copy.deepcopy(optimizers[first].state_dict())
    for model in (same, other):
        model.load_state_dict(first.state_dict())
        optimizers[model].load_state_dict(copy.deepcopy(state))
        for _ in range(3):
            step(model, optimizers[model])
    assert other.sr.weight.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(other.sr.weight, same.sr.weight, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "RMSprop"])
def test_a_first_step_that_is_skipped_has_no_effect(kind: str) -> None:
    config = dict(optimizer=dict(type=kind, lr=1e-2, **({"momentum": 0.9} if kind in ("SGD", "RMSprop") else {})))
    ends = []
    for accident in (False, True):
        torch.manual_seed(0)
        model = OnlySR()
        optimizers = PartOptimizersConstructor(dict(sr=config))(model)
        if accident:
            optimizers.update(dict(loss=model.sr(torch.full((1, 2), torch.nan)).sum()), "sr")
        for _ in range(3):
            optimizers.update(dict(loss=model.sr(torch.ones(1, 2)).square().sum()), "sr")
        ends.append(model.sr.weight.detach())
    torch.testing.assert_close(*ends)


def test_adam_is_fused_unless_the_config_says_otherwise() -> None:
    fused = []
    for optimizer in (dict(type="Adam"), dict(type="Adam", fused=False), dict(type="RMSprop")):
        optimizers = PartOptimizersConstructor(dict(sr=dict(optimizer=dict(**optimizer, lr=1.0))))(OnlySR())
        fused.append(optimizers["sr"].optimizer.defaults.get("fused"))
    assert fused == [True, False, None]


def test_other_ways_to_clip_are_refused() -> None:
    config = dict(sr=dict(optimizer=dict(type="SGD", lr=1.0), clip_grad=dict(max_norm=1.0, norm_type=1)))
    with pytest.raises(UserError, match=r"optim_wrapper\.sr\.clip_grad.*max_norm.*norm_type"):
        PartOptimizersConstructor(config)(OnlySR())
