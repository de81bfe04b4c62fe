"""Every file in configs/: read, checked, written and read again, built at full size; and what sets the rows apart."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from cyclesr.config import check_config, load_config
from cyclesr.engine.hooks.stage import StageHook
from cyclesr.engine.optim import PartOptimizersConstructor
from cyclesr.models.stages import Stage
from cyclesr.registry import MODELS

CONFIGS = Path(__file__).parents[1] / "configs"
FILES = sorted(path for path in CONFIGS.rglob("*.py") if path.parent.name != "_base_")
TRACKS = ("ntire17_t2", "ntire18_t2", "ntire18_t4")
EPOCH = 1018


def load(name: str) -> Config:
    return load_config(str(CONFIGS / f"{name}.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(CONFIGS).with_suffix(""))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_is_read_checked_written_and_read_again(path: Path, tmp_path: Path) -> None:
    config = load_config(str(path))
    check_config(config)
    config.dump(tmp_path / "written.py")
    again = load_config(str(tmp_path / "written.py"))
    assert again.to_dict() == config.to_dict()
    check_config(again)
    assert path.read_text().startswith("# ")  # what it is
    assert 'default_scope = "cyclesr"' not in path.read_text()  # from the base


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_builds_at_full_size(path: Path) -> None:
    config = load_config(str(path))
    model = MODELS.build(config.model)
    assert type(model).__name__ == config.model.type
    assert model.sr_entry()["scale"] == 4
    trained = {"sr"} | ({"generators", "discriminators"} if hasattr(model, "translator") else set())
    assert (
        trained == config.optim_wrapper.keys() - {"constructor", "amp", "accumulate"} == config.param_scheduler.keys()
    )


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_steps_at_full_size_in_every_stage(path: Path) -> None:
    config = load_config(str(path))
    model = MODELS.build(config.model)
    optimizers = PartOptimizersConstructor({k: v for k, v in config.optim_wrapper.items() if k != "constructor"})(model)
    before = [parameter.clone() for parameter in model.sr.parameters()]
    data = dict(hr=torch.rand(1, 3, 256, 256), real=torch.rand(1, 3, 64, 64), lr=torch.rand(1, 3, 64, 64))
    hooks = [hook for hook in config.get("custom_hooks", []) if hook.type == "StageHook"]
    for stage in [Stage(entry.name) for hook in hooks for entry in hook.stages] or [None]:
        model.stage = stage
        losses = model.train_step(data, optimizers)
        assert losses
        assert all(torch.isfinite(loss).all() for loss in losses.values())
    assert all((a != b).any() for a, b in zip(before, model.sr.parameters(), strict=True))


@pytest.mark.parametrize("track", TRACKS)
@pytest.mark.parametrize("method", ["sr_syn", "sr_paired"])
def test_baselines_of_table_1_share_network_and_effort_with_cyclesr(method: str, track: str) -> None:
    ours, cyclesr = load(f"{method}_{track}"), load(f"cyclesr_{track}")
    assert ours.model.sr == cyclesr.model.sr
    assert ours.model.sr_loss == cyclesr.model.sr_loss
    assert ours.optim_wrapper.sr == cyclesr.optim_wrapper.sr
    for name in ("val_dataloader", "val_evaluator", "test_dataloader", "test_evaluator"):
        assert ours[name] == cyclesr[name]
    assert ours.train_dataloader.batch_size == cyclesr.train_dataloader.batch_size
    assert ours.train_dataloader.dataset.crop == cyclesr.train_dataloader.dataset.crop
    assert ours.train_cfg.max_iters == updates(cyclesr)["sr"]
    assert decay_start(ours) == decay_start(cyclesr) - updates(cyclesr)["translator alone"]


@pytest.mark.parametrize("track", TRACKS)
def test_baselines_of_table_1_differ_in_their_pairs(track: str) -> None:
    syn, paired = load(f"sr_syn_{track}"), load(f"sr_paired_{track}")
    assert syn.model.degradation == dict(type="Bicubic", scale=4)
    assert syn.train_dataloader.dataset.hr_range == (1, 400)
    assert "LR" not in str(syn.train_dataloader.dataset)  # no real image is shown to it
    assert "degradation" not in paired.model
    folder = dict(ntire17_t2="LR_unknown/X4", ntire18_t2="aligned_mild/lr", ntire18_t4="aligned_wild/lr")[track]
    assert paired.train_dataloader.dataset.type == "PairedDataset"
    assert paired.train_dataloader.dataset.lr.endswith(folder)


@pytest.mark.parametrize(
    ("weight", "feedback", "sr_weight"), [("0", 0, 1), ("1e2", 100, 100), ("1e3", 1000, 1000), ("1e4", 10000, 10000)]
)
def test_feedback_rows_of_table_3(weight: str, feedback: float, sr_weight: float) -> None:
    row, cyclesr = load(f"ablation/feedback_{weight}_ntire17_t2").to_dict(), load("cyclesr_ntire17_t2").to_dict()
    assert row["model"]["feedback_weight"] == feedback
    assert row["model"]["sr_loss"]["weight"] == sr_weight
    differing = differences(row, cyclesr)
    assert differing <= {"model.feedback_weight", "model.sr_loss.weight", "model.optimisation"}
    assert bool(differing) == (weight != "1e3")  # that row is CycleSR itself


def test_separate_row_of_table_3() -> None:
    row, cyclesr = load("ablation/separate_ntire17_t2"), load("cyclesr_ntire17_t2")
    stages = [StageHook(row.custom_hooks[0].stages).stage_at(i * EPOCH, row.train_cfg.max_iters) for i in range(406)]
    assert stages == [Stage.TRANSLATION] * 205 + [Stage.SR_ON_FAKE] * 201
    assert updates(row)["sr"] == updates(cyclesr)["sr"] == 201 * EPOCH
    assert updates(row)["translator"] == updates(cyclesr)["translator"] == 205 * EPOCH
    assert row.train_cfg.max_iters - decay_start(row) == cyclesr.train_cfg.max_iters - decay_start(cyclesr)
    assert row.model.translator == cyclesr.model.translator


def updates(config: Config) -> dict[str, int]:
    """How often each part moves in the whole training."""
    hook, total = StageHook(config.custom_hooks[0].stages), config.train_cfg.max_iters
    stages = [hook.stage_at(i, total) for i in range(0, total, EPOCH)]
    alone = stages.count(Stage.TRANSLATION) * EPOCH
    moving = sum(stage.trains_translator for stage in stages) * EPOCH
    return {"sr": total - alone, "translator": moving, "translator alone": alone}


def decay_start(config: Config) -> int:
    """The iteration after which the rate of the SR network falls."""
    return round(config.param_scheduler.sr[0].decay_from * config.train_cfg.max_iters)


def differences(first: Any, second: Any, where: str = "") -> set[str]:
    """Dotted keys of what differs."""
    if isinstance(first, dict) and isinstance(second, dict):
        keys = first.keys() | second.keys()
        return set().union(*(differences(first.get(k), second.get(k), f"{where}.{k}".lstrip(".")) for k in keys))
    return set() if first == second else {where}
