"""RealConsistency: what it costs, whom it moves, and what it leaves as it is."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from test_collaborative import assert_near, batch, build, moved_parts, weights
from torch import Tensor, nn

from cyclesr.engine.loop import train_step
from cyclesr.errors import UserError
from cyclesr.models.collaborative import CollaborativeSR
from cyclesr.models.consistency import RealConsistency
from cyclesr.models.stages import Stage
from cyclesr.registry import SR_BACKBONES

RULES = pytest.mark.parametrize("optimisation", ["joint", "alternating"])


@SR_BACKBONES.register_module()
class NormedSRForTests(nn.Module):
    """A network with batch norm."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 3 * scale**2, 3, padding=1), nn.PixelShuffle(scale))

    def forward(self, lr: Tensor) -> Tensor:
        return self.net(lr)


def by_hand(model: CollaborativeSR, real: Tensor) -> Tensor:
    """L1 of the pixels."""
    to_real = copy.deepcopy(model.translator.generators["to_real"])
    return F.l1_loss(to_real(F.avg_pool2d(model.sr(real), 2)), real)


def test_the_loss_is_that_of_the_excess_over_the_tolerance_of_means() -> None:
    back, real = torch.rand(2, 2, 3, 9, 11, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    views = np.lib.stride_tricks.sliding_window_view((back - real).numpy(), (3, 3), axis=(2, 3))
    means = np.abs(views.mean((4, 5)))
    assert means.shape == (2, 3, 7, 9)
    excess = np.maximum(means - 20 / 255, 0)
    assert 0 < (excess > 0).mean() < 1
    for criterion, expected in (("l1", excess.mean()), ("mse", (excess**2).mean())):
        loss = RealConsistency(border=0, weight=3.0, criterion=criterion, low_pass=3, tolerance=20.0)
        assert loss(back, real).item() == pytest.approx(3 * expected, rel=1e-9)
    assert_near(RealConsistency(border=0, weight=2.0)(back, real), 2 * F.l1_loss(back, real))
    assert_near(RealConsistency(border=0, criterion="mse")(back, real), F.mse_loss(back, real))
    assert_near(RealConsistency(border=2)(back, real), F.l1_loss(back[..., 2:7, 2:9], real[..., 2:7, 2:9]))


@RULES
def test_the_step_of_the_sr_network_is_down_the_sum_by_hand(optimisation: str) -> None:
    model, optimizers = build(optimisation=optimisation, consistency=dict(border=0, weight=5.0))
    data, oracle = batch(), copy.deepcopy(model)
    fake_real = oracle.translator.degrade(oracle.degradation(data["hr"])).detach()
    total = 100 * F.mse_loss(oracle.sr(fake_real), data["hr"]) + 5 * by_hand(oracle, data["real"])
    parameters = list(oracle.sr.parameters())
    adam = torch.optim.Adam(parameters, lr=1e-2)
    for parameter, gradient in zip(parameters, torch.autograd.grad(total, parameters), strict=True):
        parameter.grad = gradient
    adam.step()
    losses = model.train_step(data, optimizers)
    assert_near(losses["loss_consistency"], 5 * by_hand(build()[0], data["real"]).detach())
    assert_near(list(model.sr.parameters()), parameters)


@RULES
def test_nothing_of_it_reaches_the_translator(optimisation: str) -> None:
    runs = []
    for options in ({}, dict(consistency=dict(border=0, weight=1e3))):
        model, optimizers = build(optimisation=optimisation, **options)
        model.train_step(batch(), optimizers)
        runs.append(model)
    assert_equal(weights(runs[0].translator), weights(runs[1].translator))
    assert moved_parts(weights(runs[0]), weights(runs[1])) == {"sr"}
    assert [name for name, p in runs[1].named_parameters() if p.grad is not None or not p.requires_grad] == []


def assert_equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> None:
    assert first.keys() == second.keys()
    assert [name for name in first if not torch.equal(first[name], second[name])] == []


@pytest.mark.parametrize(
    ("stage", "used"),
    [(Stage.TRANSLATION, False), (Stage.SR, False), (Stage.SR_ON_FAKE, True), (Stage.JOINT, True)],
)
def test_it_is_used_where_the_sr_network_learns_the_degradation(stage: Stage, used: bool) -> None:
    model, optimizers = build(consistency=dict(border=0, weight=1.0))
    model.stage = stage
    assert ("loss_consistency" in model.train_step(batch(), optimizers)) == used


@RULES
def test_micro_batches_equal_the_whole_batch(optimisation: str) -> None:
    runs = []
    for accumulate in (1, 3):
        model, optimizers = build(
            optimisation=optimisation, consistency=dict(border=0, weight=50.0, low_pass=3, tolerance=2.0)
        )
        optimizers.accumulate = accumulate
        for step in range(4):
            data = {name: torch.cat([batch(seed=3 * step + i)[name] for i in range(2)]) for name in ("hr", "real")}
            losses = train_step(model, data, optimizers)  # 4 images: 1, 1 and 2
        runs.append((weights(model), losses))
    for whole, micro in zip(*runs, strict=True):
        for name in whole:
            torch.testing.assert_close(micro[name], whole[name], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("stage", [Stage.SR_ON_FAKE, Stage.JOINT])
def test_running_statistics_come_from_fake_real_alone(stage: Stage) -> None:
    runs = []
    for options in ({}, dict(consistency=dict(border=0, weight=1.0))):
        model, optimizers = build(sr=dict(type="NormedSRForTests", scale=2), **options)
        model.stage = stage
        model.train_step(batch(), optimizers)
        runs.append(model)
    assert_equal(*(dict(model.named_buffers()) for model in runs))
    assert runs[1].sr.net[0].num_batches_tracked == 1
    assert moved_parts(*map(weights, runs)) == {"sr"}
    model, data = runs[1].train(), batch()
    plain = copy.deepcopy(model)
    assert_near(model._losses_of_real(data["real"])["loss_consistency"], by_hand(plain, data["real"]))


def test_a_skipped_step_moves_nothing() -> None:
    model, optimizers = build(consistency=dict(border=0, weight=1.0))
    model.stage = Stage.SR_ON_FAKE
    before, data = weights(model), batch()
    data["real"][0, 0, 0, 0] = torch.inf
    model.train_step(data, optimizers)
    assert_equal(before, weights(model))
    assert optimizers.take_report()["skipped"] == 1


def test_mistakes_are_named() -> None:
    with pytest.raises(UserError, match=r"criterion must be one of l1, mse, found 'l2'"):
        build(consistency=dict(border=0, criterion="l2"))
    with pytest.raises(UserError, match=r"not be negative.*-1"):
        build(consistency=dict(border=0, weight=-1.0))
    model, optimizers = build(consistency=dict(border=0, low_pass=9))
    with pytest.raises(UserError, match=r"squares of 9 px inside a border of 0 px.*LR crop of 8 px"):
        model.train_step(batch(), optimizers)


def test_a_degradation_without_gradients_is_refused() -> None:
    model, optimizers = build(consistency=dict(border=0))
    model.translator.expected = lambda syn: syn.detach()  # as a JPEG file would
    with pytest.raises(UserError, match=r"needs gradients.*'expected' of ToyTranslator"):
        model.train_step(batch(), optimizers)


def test_a_loss_of_the_same_name_is_refused() -> None:
    model, optimizers = build(optimisation="joint", consistency=dict(border=0))
    own = model.translator.generator_losses
    model.translator.generator_losses = lambda *images: {**own(*images), "loss_consistency": own(*images)["loss_adv"]}
    with pytest.raises(UserError, match="'loss_consistency'"):
        model.train_step(batch(), optimizers)


def options_of_camera() -> dict[str, Any]:
    noise = dict(noise=[(0.02, 0.0)], unexplained=(9.0, 9.0), gain=0.2)
    return dict(translator=dict(type="CameraDegradation", mtf=[1.0 - i / 26 for i in range(26)], **noise))


def test_a_measured_camera_needs_no_stage_of_its_own() -> None:
    model, optimizers = build(parts=("sr",), consistency=dict(border=0, weight=1.0), **options_of_camera())
    data = batch()
    kernel = model.translator.generators["to_real"].kernels.kernels.double().mean((0, 1))
    syn = F.pad(F.avg_pool2d(model.sr(data["real"]), 2), [7] * 4, mode="reflect" if data["real"].shape[-1] > 7 else "")
    expected = F.l1_loss(F.conv2d(syn, kernel.flip(0, 1).expand(3, 1, -1, -1), groups=3), data["real"])
    losses = model.train_step(data, optimizers)
    torch.testing.assert_close(losses["loss_consistency"], expected.detach(), rtol=1e-6, atol=0)
    assert set(losses) == {"loss_sr", "loss_consistency"}
