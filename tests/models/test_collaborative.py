"""Eq. (2) to (5): what each phase moves, and what equals what."""

import copy
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.engine.optim import PartOptimizersConstructor
from cyclesr.errors import UserError
from cyclesr.models.collaborative import CollaborativeSR
from cyclesr.models.stages import Stage
from cyclesr.models.translators.base import Translation, Translator
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


def build(dtype: torch.dtype = torch.float64, **kwargs: Any) -> tuple[CollaborativeSR, Any]:
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
    adam = dict(optimizer=dict(type="Adam", lr=1e-2))
    parts = {name: copy.deepcopy(adam) for name in ("generators", "discriminators", "sr")}
    return model, PartOptimizersConstructor(parts)(model)


def batch(dtype: torch.dtype = torch.float64, seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return dict(
        hr=torch.rand(2, 3, 16, 16, generator=generator, dtype=dtype),
        real=torch.rand(2, 3, 8, 8, generator=generator, dtype=dtype),
    )


def weights(module: nn.Module) -> dict[str, Tensor]:
    return {name: p.detach().clone() for name, p in module.named_parameters()}


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


def test_sr_step_sees_fake_real_as_a_constant_made_before_g1_moved() -> None:
    model, optimizers = build()
    data = batch()
    expected = model.translator.degrade(model.degradation(data["hr"])).detach()
    seen: list[Tensor] = []
    model.sr.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    model.train_step(data, optimizers)
    feedback, constant = seen
    assert feedback.requires_grad
    assert not constant.requires_grad
    assert torch.equal(constant, expected)


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
    start = weights(model.sr)
    model.train_step(batch(), optimizers)
    first = weights(model.sr)  # AveragedModel copies the weights at its first update
    model.train_step(batch(seed=1), optimizers)
    second = weights(model.sr)
    averaged = weights(model.inference_network)
    for name in start:
        torch.testing.assert_close(averaged[name], 0.9 * first[name] + 0.1 * second[name])


def test_channels_last_changes_no_result() -> None:
    runs = []
    for channels_last in (False, True):
        model, optimizers = build(channels_last=channels_last)
        model.train_step(batch(), optimizers)
        runs.append(weights(model))
    for name in runs[0]:
        torch.testing.assert_close(runs[0][name], runs[1][name])
