"""The warm-up of the SR network in the engine: when it ends, and resuming across its end and with a mix."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from test_checkpoints import run

from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.engine import timing
from cyclesr.engine.hooks import WarmUpHook
from cyclesr.errors import UserError

MSE = dict(type="MSELoss")
PERCEPTUAL = dict(
    model__sr_loss=dict(type="L1Loss", _delete_=True),
    model__sr_adversarial=dict(mode="vanilla", discriminator=dict(type="UNetDiscriminator", channels=2)),
    model__artifacts=dict(weight=1.0),
    model__mix=dict(random=0.3, both=0.3, chain=dict(strength=0.5)),
    optim_wrapper__sr_discriminator=dict(optimizer=dict(type="AdamW", lr=1e-3)),
    param_scheduler__sr=[],
    param_scheduler__sr_discriminator=[],
)
HOOKS = [
    dict(type="StageHook", stages=[dict(name="sr_on_fake", iters=1), dict(name="joint")]),
    dict(type="WarmUpHook", loss=MSE, iters=2),
]


@pytest.mark.parametrize(
    ("length", "expected"), [(dict(fraction=0.4), 4), (dict(iters=7), 7), (dict(iters=0), 0), (dict(fraction=1.0), 10)]
)
def test_its_length(length: dict[str, Any], expected: int) -> None:
    hook = WarmUpHook(MSE, **length)
    assert sum(hook.warms_up(iteration, 10) for iteration in range(10)) == expected
    assert all(hook.warms_up(iteration, 10) for iteration in range(expected))


@pytest.mark.parametrize("length", [{}, dict(fraction=0.1, iters=3), dict(fraction=1.5), dict(iters=-1)])
def test_impossible_lengths(length: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="fraction"):
        WarmUpHook(MSE, **length)


def test_the_expected_time_counts_the_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    cost = dict(translation=1.0, joint=10.0)
    taken = lambda _, stage, __, warm_up: cost[stage.value] * (0.5 if warm_up else 1)  # noqa: E731
    monkeypatch.setattr(timing, "seconds_per_step", taken)
    stages = [dict(name="translation", fraction=0.2), dict(name="joint")]
    hooks = [dict(type="StageHook", stages=stages), dict(type="WarmUpHook", loss=MSE, iters=5)]
    config = Config(dict(train_cfg=dict(max_iters=10), custom_hooks=hooks))
    assert timing.seconds_per_iteration(config) == pytest.approx(0.2 * 0.5 + 0.3 * 5 + 0.5 * 10)


def test_resuming_is_bitwise_equal_within_the_warm_up_and_after_it(tiny_config: Path, tmp_path: Path) -> None:
    for name, stops in (("straight", (5,)), ("resumed", (1, 3, 5))):
        for stop in stops:
            run(
                tiny_config,
                tmp_path / name,
                resume=stop > 1,
                custom_hooks=HOOKS,
                train_cfg__max_iters=stop,
                **PERCEPTUAL,
            )
    straight, resumed = (read_checkpoint(tmp_path / name / "iter_5.pth") for name in ("straight", "resumed"))
    assert straight["state_dict"].keys() == resumed["state_dict"].keys()
    assert all(torch.equal(weight, resumed["state_dict"][name]) for name, weight in straight["state_dict"].items())
    steps = {part: state["state"][0]["step"].item() for part, state in straight["optimizer"].items() if state["state"]}
    assert (steps["sr"], steps["sr_discriminator"]) == (5, 3)
