"""Eq. (2) to (5): what each phase moves, and what equals what."""

import copy
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.engine.loop import train_step
from cyclesr.errors import UserError
from cyclesr.models.collaborative import CollaborativeSR
from cyclesr.models.stages import Stage
from cyclesr.models.translators.base import Translation, Translator
from cyclesr.optim.parts import PartOptimizersConstructor
from cyclesr.registry import MODELS, SR_BACKBONES, TRANSLATORS


@TRANSLATORS.register_module()
class ToyTranslator(Translator):
    """The smallest cycle: one convolution a network."""

    def __init__(self) -> None:
        super().__init__()
        self.generators = nn.ModuleDict({k: nn.Conv2d(3, 3, 3, padding=1) for k in ("to_real", "to_syn")})
        self.discriminators = nn.ModuleDict({k: nn.Conv2d(3, 1, 3) for k in ("real", "syn")})

    def translate(self, syn: Tensor, real: Tensor) -> Translation:
        to_real, to_syn = self.generators["to_real"], self.generators["to_syn"]
        fake_real, fake_syn = to_real(syn), to_syn(real)
        return Translation(fake_real, fake_syn, to_syn(fake_real), to_real(fake_syn))

    def generator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        adversarial = (self.discriminators["real"](t.fake_real) - 1).square().mean()
        return dict(loss_adv=adversarial, loss_cycle=F.l1_loss(t.rec_syn, syn) + F.l1_loss(t.rec_real, real))

    def discriminator_losses(self, syn: Tensor, real: Tensor, t: Translation) -> dict[str, Tensor]:
        disc = self.discriminators["real"]
        return dict(loss_disc=(disc(real) - 1).square().mean() + disc(t.fake_real.detach()).square().mean())

    def degrade(self, syn: Tensor) -> Tensor:
        return self.generators["to_real"](syn)


@SR_BACKBONES.register_module()
class ToySR(nn.Module):
    """Sub-pixel convolution."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(3, 3 * scale**2, 3, padding=1), nn.PixelShuffle(scale))

    def forward(self, lr: Tensor) -> Tensor:
        return self.net(lr)


PARTS = ("generators", "discriminators", "sr")


def build(
    dtype: torch.dtype = torch.float64, fused: bool = True, parts: tuple[str, ...] = PARTS, **kwargs: Any
) -> tuple[CollaborativeSR, Any]:
    torch.manual_seed(1)
    config = dict(
        type="CollaborativeSR",
        degradation=dict(type="torch.nn.AvgPool2d", kernel_size=2),
        translator=dict(type="ToyTranslator"),
        sr=dict(type="ToySR", scale=2),
        sr_loss=dict(type="MSELoss", weight=100.0),
        feedback_weight=100.0,
    )
    model = MODELS.build({**config, **kwargs}).to(dtype)
    adam = dict(optimizer=dict(type="Adam", lr=1e-2, fused=fused))
    return model, PartOptimizersConstructor({name: copy.deepcopy(adam) for name in parts})(model)


def batch(dtype: torch.dtype = torch.float64, seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return dict(
        hr=torch.rand(2, 3, 16, 16, generator=generator, dtype=dtype),
        real=torch.rand(2, 3, 8, 8, generator=generator, dtype=dtype),
    )


def weights(module: nn.Module) -> dict[str, Tensor]:
    return {name: p.detach().clone() for name, p in module.named_parameters()}


def assert_near(found: Any, expected: Any) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def moved_parts(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    return {name.removeprefix("translator.").split(".")[0] for name in moved}


def test_joint_equals_alternating_exactly() -> None:
    runs = []
    for optimisation in ("joint", "alternating"):
        model, optimizers = build(optimisation=optimisation)
        for step in range(5):
            model.train_step(batch(seed=step), optimizers)
        runs.append(weights(model))
    assert all((runs[0][name] - runs[1][name]).abs().max() == 0.0 for name in runs[0])


@pytest.mark.parametrize(
    ("stage", "parts"),
    [
        (Stage.TRANSLATION, {"generators", "discriminators"}),
        (Stage.SR, {"sr"}),
        (Stage.SR_ON_FAKE, {"sr"}),
        (Stage.JOINT, {"generators", "discriminators", "sr"}),
    ],
)
@pytest.mark.parametrize("optimisation", ["joint", "alternating"])
def test_only_the_phase_moves_and_no_gradient_is_left(stage: Stage, parts: set[str], optimisation: str) -> None:
    model, optimizers = build(optimisation=optimisation)
    model.stage = stage
    before = weights(model)
    model.train_step(batch(), optimizers)
    assert moved_parts(before, weights(model)) == parts
    assert [name for name, p in model.named_parameters() if p.grad is not None] == []


def test_generator_update_follows_equation_5_by_hand() -> None:
    model, optimizers = build()
    data = batch()
    oracle = copy.deepcopy(model)
    syn = oracle.degradation(data["hr"])
    t = oracle.translator.translate(syn, data["real"])
    total = sum(oracle.translator.generator_losses(syn, data["real"], t).values())
    total = total + 100.0 * F.mse_loss(oracle.sr(t.fake_real), data["hr"])
    parameters = list(oracle.translator.generators.parameters())
    adam = torch.optim.Adam(parameters, lr=1e-2)
    for parameter, gradient in zip(parameters, torch.autograd.grad(total, parameters), strict=True):
        parameter.grad = gradient
    adam.step()
    model.train_step(data, optimizers)
    for ours, theirs in zip(model.translator.generators.parameters(), parameters, strict=True):
        assert torch.equal(ours, theirs)


def test_without_feedback_the_translator_steps_as_if_alone() -> None:
    model, optimizers = build(feedback_weight=0.0)
    alone, alone_optimizers = build(feedback_weight=0.0)
    alone.stage = Stage.TRANSLATION
    for step in range(3):
        model.train_step(batch(seed=step), optimizers)
        alone.train_step(batch(seed=step), alone_optimizers)
    for ours, theirs in zip(model.translator.parameters(), alone.translator.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_without_feedback_the_sr_network_runs_once_a_step() -> None:
    model, optimizers = build(feedback_weight=0.0)
    calls: list[int] = []
    model.sr.register_forward_hook(lambda *_: calls.append(1))
    model.train_step(batch(), optimizers)
    assert len(calls) == 1


def plain_step(model: CollaborativeSR, data: dict[str, Tensor], adams: dict[str, torch.optim.Adam]) -> None:
    """The alternating step in the order of the paper, with two forwards of the SR network and frozen others."""

    def step(part: str, losses: dict[str, Tensor]) -> None:
        for adam in adams.values():
            adam.zero_grad()
        sum(losses.values()).backward()
        adams[part].step()

    syn, real = model.degradation(data["hr"]), data["real"]
    t = model.translator.translate(syn, real)
    feedback = model.feedback_weight * F.mse_loss(model.sr(t.fake_real), data["hr"])
    step("generators", model.translator.generator_losses(syn, real, t) | {"feedback": feedback})
    step("discriminators", model.translator.discriminator_losses(syn, real, t))
    step("sr", {"sr": model.sr_loss(model.sr(t.fake_real.detach()), data["hr"])})


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_one_forward_of_the_sr_network_gives_the_step_of_two(dtype: torch.dtype, tolerance: float) -> None:
    settings = dict(feedback_weight=10.0, sr_loss=dict(type="L1Loss", weight=3.0))  # as different as can be
    model, optimizers = build(dtype, **settings)
    oracle, _ = build(dtype, **settings)
    parts = dict(generators=oracle.translator.generators, discriminators=oracle.translator.discriminators, sr=oracle.sr)
    adams = {name: torch.optim.Adam(part.parameters(), lr=1e-2) for name, part in parts.items()}
    calls: list[int] = []
    model.sr.register_forward_hook(lambda *_: calls.append(1))
    for step in range(5):
        model.train_step(batch(dtype, step), optimizers)
        plain_step(oracle, batch(dtype, step), adams)
    assert len(calls) == 5
    for name, expected in weights(oracle).items():
        torch.testing.assert_close(weights(model)[name], expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("optimisation", ["joint", "alternating"])
def test_micro_batches_equal_the_whole_batch(optimisation: str) -> None:
    runs = []
    for accumulate in (1, 3):
        model, optimizers = build(optimisation=optimisation, average=0.5)
        optimizers.accumulate = accumulate
        for step in range(4):
            data = {name: torch.cat([batch(seed=3 * step + i)[name] for i in range(2)]) for name in ("hr", "real")}
            losses = train_step(model, data, optimizers)  # 4 images: 1, 1 and 2
        assert [name for name, p in model.named_parameters() if p.grad is not None] == []
        runs.append((weights(model), losses))
    for whole, micro in zip(*runs, strict=True):
        for name in whole:
            torch.testing.assert_close(micro[name], whole[name], rtol=1e-9, atol=1e-12)


def test_more_micro_batches_than_images_are_refused() -> None:
    model, optimizers = build()
    optimizers.accumulate = 3
    with pytest.raises(UserError, match="accumulate=3 needs 1 to 2 micro-batches"):
        train_step(model, batch(), optimizers)


@pytest.mark.parametrize("fused", [True, False])
def test_a_step_that_is_not_finite_changes_nothing_and_the_next_goes_on(fused: bool) -> None:
    model, optimizers = build(fused=fused)
    model.train_step(batch(), optimizers)
    states = copy.deepcopy([optimizers.state_dict(), weights(model)])
    optimizers.take_report()
    data = batch(seed=1)
    data["hr"][0, 0, 0, 0] = torch.nan
    model.train_step(data, optimizers)
    assert optimizers.take_report()["skipped"] == 1
    assert_near([optimizers.state_dict(), weights(model)], states)
    model.train_step(batch(seed=2), optimizers)
    assert optimizers.take_report()["skipped"] == 0
    other, other_optimizers = build(fused=fused)
    for seed in (0, 2):
        other.train_step(batch(seed=seed), other_optimizers)
    assert_near(weights(model), weights(other))


def test_parts_whose_losses_are_finite_step_all_the_same() -> None:
    model, optimizers = build()
    before, data = weights(model), batch()
    data["real"][0, 0, 0, 0] = torch.inf  # G1, G2, D1 and D2 see it, the SR network does not
    model.train_step(data, optimizers)
    assert moved_parts(before, weights(model)) == {"sr"}
    assert optimizers.take_report()["skipped"] == 1


def test_compiled_networks_are_checked_by_name() -> None:
    with pytest.raises(UserError, match=r"'translator.generators.to_reel', which CollaborativeSR does not have"):
        build(compiled=("sr", "translator.generators.to_reel"))
    model, _ = build(compiled=("sr",))
    assert weights(model).keys() == weights(build()[0]).keys()


def test_compiled_code_is_kept_for_later_trainings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "")
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR")
    monkeypatch.setenv("CYCLESR_CACHE", str(tmp_path))
    build(compiled=("sr",))
    assert os.environ["TORCHINDUCTOR_CACHE_DIR"] == str(tmp_path / "compiled")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
@pytest.mark.filterwarnings("ignore")  # of how the compiler calls torch
def test_compiled_networks_take_the_same_steps() -> None:
    settings = dict(feedback_weight=10.0)  # not the SR loss's: the graph of the one forward is gone through twice
    plain, optimizers = build(**settings)
    compiled, theirs = build(**settings, compiled=("sr", "translator.generators.to_real"))
    for step in range(3):
        plain.train_step(batch(seed=step), optimizers)
        compiled.train_step(batch(seed=step), theirs)
    assert moved_parts(weights(build(**settings)[0]), weights(compiled)) == {"generators", "discriminators", "sr"}
    for name, expected in weights(plain).items():
        torch.testing.assert_close(weights(compiled)[name], expected, rtol=0, atol=1e-10)


def test_joint_with_two_weights_is_refused() -> None:
    with pytest.raises(UserError, match=r"feedback_weight=10 and sr_loss.weight=100"):
        build(optimisation="joint", feedback_weight=10.0)


def test_losses_come_back_detached_and_finite() -> None:
    model, optimizers = build()
    losses = model.train_step(batch(), optimizers)
    assert set(losses) == {"loss_adv", "loss_cycle", "loss_feedback", "loss_disc", "loss_sr"}
    assert all(torch.isfinite(loss) and not loss.requires_grad for loss in losses.values())


def test_average_follows_its_formula() -> None:
    model, optimizers = build(average=0.9)
    expected = weights(model.sr)
    for seed in (0, 1):
        model.train_step(batch(seed=seed), optimizers)
        expected = {name: 0.9 * expected[name] + 0.1 * weight for name, weight in weights(model.sr).items()}
    averaged = weights(model.inference_network)
    for name in expected:
        torch.testing.assert_close(averaged[name], expected[name])


@pytest.mark.parametrize("optimisation", ["alternating", "joint"])
def test_a_skipped_step_moves_neither_weights_nor_their_average(optimisation: str) -> None:
    model, optimizers = build(average=0.9, optimisation=optimisation)
    before = weights(model)
    data = batch()
    data["hr"][0, 0, 0, 0] = torch.nan
    model.train_step(data, optimizers)
    assert optimizers.take_report()["skipped"] == 1
    assert moved_parts(before, weights(model)) <= {"discriminators"}  # which never see hr


def test_channels_last_changes_no_result() -> None:
    runs = []
    for channels_last in (False, True):
        model, optimizers = build(channels_last=channels_last)
        model.train_step(batch(), optimizers)
        runs.append(weights(model))
    for name in runs[0]:
        torch.testing.assert_close(runs[0][name], runs[1][name])


def test_the_sr_network_learns_from_the_middle_of_crops_with_a_margin() -> None:
    """From the middle of a whole degraded crop; a G1 that learns sees crops without the margin."""
    model, optimizers = build()
    hr, real = (torch.rand(2, 3, side, side, dtype=torch.float64) for side in (40, 12))
    seen: list[Tensor] = []
    model.sr.register_forward_pre_hook(lambda _, images: seen.append(images[0].detach()))
    whole = model.translator.degrade(model.degradation(hr)).detach()
    middle = hr[..., 8:-8, 8:-8]
    loss = 100 * F.mse_loss(model.sr(whole[..., 4:-4, 4:-4]), middle)
    model.stage = Stage.SR_ON_FAKE
    losses = train_step(model, dict(hr=hr, real=real), optimizers)
    assert_near(seen[-1], whole[..., 4:-4, 4:-4])
    assert_near(losses["loss_sr"], loss.detach())

    model.stage = Stage.JOINT
    without = model.translator.degrade(model.degradation(middle)).detach()
    train_step(model, dict(hr=hr, real=real), optimizers)
    assert_near(seen[-1], without)
