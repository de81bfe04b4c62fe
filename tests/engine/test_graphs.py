"""Steps as graphs. On CPUs a recorder stands for CUDA's: what it recorded is computed again, from the same inputs."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch

from cyclesr.engine.graphs import WARM_UP, StepGraphs, obstacle
from cyclesr.engine.loop import train_step
from cyclesr.models.collaborative import CollaborativeSR
from cyclesr.models.stages import Stage
from cyclesr.optim.parts import PartOptimizers, PartOptimizersConstructor
from cyclesr.registry import MODELS

CPU = torch.device("cpu")


class Recorder:
    """Counts what it records."""

    def __init__(self) -> None:
        self.recorded = 0

    def __call__(self, step: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
        self.recorded += 1
        return step


def built(accumulate: int = 1, optimizer: str = "Adam", **translator: Any) -> tuple[CollaborativeSR, PartOptimizers]:
    torch.manual_seed(0)
    sizes = dict(generator=dict(channels=4, num_blocks=1, num_down=0), discriminator=dict(channels=4, num_layers=1))
    config = dict(
        type="CollaborativeSR",
        degradation=dict(type="Bicubic", scale=2),
        translator=dict(type="CycleGAN", **sizes, **dict(dict(pool_size=0), **translator)),
        sr=dict(type="SRResNet", scale=2, channels=4, num_blocks=1),
        sr_loss=dict(type="MSELoss", weight=100.0),
        feedback_weight=10.0,
        average=0.9,
    )
    model = MODELS.build(config).train()
    adam = dict(optimizer=dict(type=optimizer, lr=1e-3))
    parts = dict.fromkeys(("generators", "discriminators", "sr"), adam)
    return model, PartOptimizersConstructor(dict(accumulate=accumulate, **parts))(model)


def batches(count: int, size: int = 2, side: int = 12) -> list[dict[str, torch.Tensor]]:
    generator = torch.Generator().manual_seed(1)
    return [
        {name: torch.rand(size, 3, n, n, generator=generator) for name, n in (("hr", 2 * side), ("real", side))}
        for _ in range(count)
    ]


def trained(step: Callable[..., dict], accumulate: int = 1) -> tuple[dict[str, torch.Tensor], list[dict], dict]:
    """Trains through two stages, with a schedule, a batch that is skipped and images of two sizes."""
    model, optimizers = built(accumulate)
    log = []
    for i, batch in enumerate([*batches(13), *batches(5, side=16)]):
        model.stage = Stage.TRANSLATION if i < 5 else Stage.JOINT
        for wrapper in optimizers.optim_wrappers.values():
            wrapper.optimizer.param_groups[0]["lr"] = 2.0 ** -(10 + i // 3)  # exact in float32
        if i == 10:
            batch["real"][0, 0, 0, 0] = torch.nan
        log.append(step(model, batch, optimizers))
    return model.state_dict(), log, optimizers.state_dict()


def test_a_step_is_recorded_anew_when_the_warm_up_ends() -> None:
    """A graph of the warm-up would minimise its loss for ever."""
    model, optimizers = built()
    record, warm_up = Recorder(), torch.nn.MSELoss()
    step = StepGraphs(train_step, record)
    for i, batch in enumerate(batches(2 * WARM_UP + 4)):
        model.warm_up_loss = warm_up if i < WARM_UP + 2 else None
        step(model, batch, optimizers)
    assert record.recorded == 2


@pytest.mark.parametrize("accumulate", [1, 2])
def test_graphs_take_the_steps_that_are_taken_without_them(accumulate: int) -> None:
    record = Recorder()
    plain, graphs = trained(train_step, accumulate), trained(StepGraphs(train_step, record), accumulate)
    assert record.recorded == 3  # two stages, then larger images
    assert plain[0].keys() == graphs[0].keys()
    for name, value in plain[0].items():
        assert torch.equal(value, graphs[0][name]), name
    for one, other in zip(plain[1], graphs[1], strict=True):
        assert one.keys() == other.keys()
        torch.testing.assert_close(list(one.values()), list(other.values()), rtol=0, atol=0, equal_nan=True)
    assert [log["skipped"].item() for log in graphs[1]] == [float(i == 10) for i in range(18)]
    assert str(plain[2]) == str(graphs[2])  # a checkpoint does not show how its steps were taken


def test_the_log_of_a_step_is_not_overwritten_by_the_next() -> None:
    model, optimizers = built()
    step = StepGraphs(train_step, Recorder())
    first, *others = [step(model, batch, optimizers) for batch in batches(WARM_UP + 3)][WARM_UP:]
    before = copy.deepcopy(first)
    step(model, batches(1)[0], optimizers)
    assert {name: float(value) for name, value in first.items()} == {n: float(v) for n, v in before.items()}
    assert all(float(first["loss_sr"]) != float(other["loss_sr"]) for other in others)


def test_a_state_that_is_loaded_is_recorded_anew() -> None:
    record = Recorder()
    model, optimizers = built()
    step = StepGraphs(train_step, record)
    for batch in batches(WARM_UP + 1):
        step(model, batch, optimizers)
    optimizers.load_state_dict(copy.deepcopy(optimizers.state_dict()))
    for batch in batches(WARM_UP + 1):
        step(model, batch, optimizers)
    assert record.recorded == 2


@pytest.mark.parametrize("size", [0, 3])
def test_steps_that_draw_on_the_cpu_are_not_recorded(size: int) -> None:
    record = Recorder()
    model, optimizers = built(pool_size=size)
    step = StepGraphs(train_step, record)
    for batch in batches(WARM_UP + 2):
        step(model, batch, optimizers)
    assert record.recorded == (0 if size else 1)


def test_a_step_that_cannot_be_recorded_is_taken() -> None:
    def fail(_step: Callable[[], dict]) -> Callable[[], dict]:
        raise RuntimeError("operation not permitted when stream is capturing")

    plain, graphs = built(), built()
    step = StepGraphs(train_step, fail)
    for batch in batches(WARM_UP + 2):
        train_step(plain[0], batch, plain[1])
        step(graphs[0], batch, graphs[1])
    for one, other in zip(plain[0].parameters(), graphs[0].parameters(), strict=True):
        assert torch.equal(one, other)


def test_obstacles() -> None:
    model, optimizers = built()
    assert "not on a GPU" in str(obstacle(model, optimizers, CPU))
    gpu = torch.device("cuda")
    assert obstacle(model, optimizers, gpu) is None
    optimizers.amp = "fp16"
    assert "fp16" in str(obstacle(model, optimizers, gpu))
    assert "SGD" in str(obstacle(*built(optimizer="SGD"), gpu))


def test_without_a_gpu_the_steps_run_as_they_are() -> None:
    plain, graphs = built(), built()
    step = StepGraphs(train_step)
    for batch in batches(WARM_UP + 2):
        train_step(plain[0], batch, plain[1])
        step(graphs[0], batch, graphs[1])
    for one, other in zip(plain[0].parameters(), graphs[0].parameters(), strict=True):
        assert torch.equal(one, other)
