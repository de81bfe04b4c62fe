"""Hooks that a config or the command line leaves out."""

from pathlib import Path

import pytest

from cyclesr.engine.hooks import LateRemovalCheckpointHook
from cyclesr.engine.launch import train
from cyclesr.errors import UserError
from cyclesr.registry import HOOKS

HOOK_TYPES = {
    "timer": "SteadyTimerHook",
    "sampler_seed": "DistSamplerSeedHook",
    "logger": "ProgressHook",
    "param_scheduler": "ParamSchedulerHook",
    "checkpoint": "LateRemovalCheckpointHook",
    "runtime_info": "LossLogHook",
    "non_finite": "NonFiniteHook",
    "preview": "PreviewHook",
}


@pytest.mark.parametrize("name", HOOK_TYPES)
def test_a_hook_is_left_out(name: str, tiny_config: Path, tmp_path: Path) -> None:
    work_dir = tmp_path / "run"
    options = {f"default_hooks.{name}": None, "experiment_name": f"without_{name}", "train_cfg.max_iters": 2}
    runner = train(str(tiny_config), work_dir=str(work_dir), options=options)
    assert {type(hook).__name__ for hook in runner.hooks} & set(HOOK_TYPES.values()) == {
        kind for other, kind in HOOK_TYPES.items() if other != name
    }
    assert runner.iter == 2
    assert (work_dir / "iter_2.pth").is_file() == (name != "checkpoint")


@pytest.mark.parametrize("name", ["rank_states", "checkpoint_contents"])
def test_what_resuming_needs_cannot_be_left_out_alone(name: str, tiny_config: Path, tmp_path: Path) -> None:
    options = {f"default_hooks.{name}": None, "experiment_name": name, "train_cfg.max_iters": 1}
    with pytest.raises(UserError, match=f"default_hooks.{name}=None.*resume.*default_hooks.checkpoint=None"):
        train(str(tiny_config), work_dir=str(tmp_path / "run"), options=options)
    options["default_hooks.checkpoint"] = None
    assert train(str(tiny_config), work_dir=str(tmp_path / "run"), options=options).iter == 1


@pytest.mark.parametrize("value", ["none", False, 3])
def test_a_hook_is_a_dict_or_none(value: object, tiny_config: Path) -> None:
    with pytest.raises(UserError, match=f"default_hooks.preview .* None .* found {value!r}"):
        train(str(tiny_config), options={"default_hooks.preview": value})


def test_configs_that_say_checkpoint_hook_mean_ours() -> None:
    assert HOOKS.get("CheckpointHook") is LateRemovalCheckpointHook
