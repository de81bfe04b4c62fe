"""Trainings with losses that are not finite."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook

from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.checkpoints.sr_network import read_sr
from cyclesr.cli.arguments import key_values
from cyclesr.engine.hooks import NonFiniteHook
from cyclesr.engine.launch import train
from cyclesr.errors import UserError
from cyclesr.registry import HOOKS, LOSSES


@LOSSES.register_module()
class MSEWithAccidents(torch.nn.Module):
    """Mean squared error that is NaN from the first to the last of the given calls."""

    def __init__(self, at: tuple[int, int]) -> None:
        super().__init__()
        self.weight, self.first, self.last, self.calls = 100.0, *at, 0

    def forward(self, sr: torch.Tensor, hr: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return (sr - hr).square().mean() * (torch.nan if self.first <= self.calls <= self.last else 1.0)


def run(config: Path, work_dir: Path, at: tuple[int, int], **more: Any) -> None:
    options = {
        "model.sr_loss": dict(type="MSEWithAccidents", at=at, _delete_=True),
        "experiment_name": str(work_dir),
        "default_hooks.non_finite.patience": 3,
        "train_cfg.max_iters": 8,
        **more,
    }
    train(str(config), work_dir=str(work_dir), options=options)


def test_skipped_steps_are_counted_and_their_images_named(tiny_config, tmp_path) -> None:
    run(tiny_config, tmp_path / "run", at=(3, 4))
    (log,) = (tmp_path / "run").rglob("*.log")
    assert re.search(r"Iteration 4 was skipped.*1 so far", log.read_text())
    assert re.search(r"Iteration 5 was skipped.*2 so far.*/0003x4\.png", log.read_text())
    checkpoint = read_checkpoint(tmp_path / "run" / "iter_8.pth")
    assert checkpoint["message_hub"]["runtime_info"]["skipped_steps"] == 2
    weights = [w for w in checkpoint["state_dict"].values() if w.is_floating_point()]
    assert all(w.isfinite().all() for w in weights)


def test_a_training_that_skips_too_many_steps_stops_with_advice(tiny_config, tmp_path) -> None:
    with pytest.raises(UserError, match=r"3 steps in a row .*learning rates.*clip_grad"):
        run(tiny_config, tmp_path / "run", at=(2, 99))


def files(work_dir: Path) -> list[str]:
    return sorted(path.name for path in work_dir.glob("*iter_*.pth"))


def test_a_checkpoint_waits_for_a_step_that_is_taken(tiny_config, tmp_path) -> None:
    every = {"default_hooks.checkpoint.max_keep_ckpts": -1}
    run(tiny_config, tmp_path / "run", at=(3, 3), **every)  # skips iteration 4
    assert files(tmp_path / "run") == ["iter_2.pth", "iter_5.pth", "iter_6.pth", "iter_8.pth"]
    run(tiny_config, tmp_path / "end", at=(7, 7), **every)  # skips the last
    assert files(tmp_path / "end") == ["iter_2.pth", "iter_4.pth", "iter_6.pth", "iter_8.pth"]
    run(tiny_config, tmp_path / "none", at=(6, 7), **every)  # skips all after the checkpoint
    assert files(tmp_path / "none") == ["iter_2.pth", "iter_4.pth", "iter_6.pth"]


def test_weights_that_are_not_finite_are_not_saved(tiny_config, tmp_path) -> None:
    spoil = dict(type="SpoilWeightsHook", iteration=3)
    with pytest.raises(UserError, match=r"in a row.*iter_2\.pth"):
        run(tiny_config, tmp_path / "run", at=(0, 0), **{"default_hooks.spoil": spoil})
    assert files(tmp_path / "run") == ["iter_2.pth"]


@HOOKS.register_module()
class SpoilWeightsHook(Hook):
    """Makes a weight of the averaged SR network and of the SR network infinite after an iteration."""

    priority = "VERY_HIGH"

    def __init__(self, iteration: int) -> None:
        self.iteration = iteration

    def after_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        if runner.iter + 1 == self.iteration:
            next(runner.model.sr.parameters()).data.view(-1)[0] = torch.inf


@LOSSES.register_module()
class MSEOfSmallValues(torch.nn.Module):
    """Mean squared error that is NaN if a value of the SR image is larger than 20."""

    weight = 100.0

    def forward(self, sr: torch.Tensor, hr: torch.Tensor) -> torch.Tensor:
        return (sr - hr).square().mean() * (torch.nan if sr.abs().max() > 20 else 1.0)


def test_the_advice_works_when_it_is_followed(tiny_config, tmp_path) -> None:
    """The step of iteration 2 is far too long. The checkpoint after it is finite, and yet of no use."""
    options = {
        "model.sr_loss": dict(type="MSEOfSmallValues", _delete_=True),
        "optim_wrapper.sr.optimizer.lr": 3.0,
        "default_hooks.non_finite.patience": 3,
        "default_hooks.checkpoint.interval": 1,
    }
    with pytest.raises(UserError, match="3 steps in a row") as error:
        train(str(tiny_config), work_dir=str(tmp_path / "run"), options=options)
    assert files(tmp_path / "run") == ["diverged_iter_2.pth", "iter_1.pth"]
    entry, latest = (read_sr(tmp_path / "run" / name)["state_dict"] for name in ("iter_1.pth", "sr_latest.safetensors"))
    assert all(torch.equal(entry[name], latest[name]) for name in entry)
    message, rounds = str(error.value), 0
    while rounds < 3:
        advised = re.search(r"iter_1\.pth, with (--resume) and --cfg-options (.*?) \.", message)
        options |= key_values(advised[2].split()) | {"experiment_name": f"{tmp_path}_{rounds}"}
        try:
            train(str(tiny_config), work_dir=str(tmp_path / "run"), options=options, resume=bool(advised[1]))
            break
        except UserError as again:
            message, rounds = str(again), rounds + 1
    assert rounds < 2
    assert "iter_6.pth" in files(tmp_path / "run")


def test_a_skipped_step_does_not_change_batch_statistics() -> None:
    class Logger:
        def warning(self, text: str) -> None:
            self.text = text

    hub = SimpleNamespace(runtime_info={}, update_info=lambda *_: None)
    norm = torch.nn.BatchNorm2d(3)
    runner = SimpleNamespace(model=norm, iter=0, logger=Logger(), message_hub=hub)
    hook = NonFiniteHook()
    before = [norm.running_mean.clone(), norm.running_var.clone()]
    hook.before_train_iter(runner, 0)
    norm(torch.full((2, 3, 4, 4), torch.nan))
    hook.after_train_iter(runner, 0, dict(hr_path=["a.png"]), dict(skipped=torch.ones(())))
    assert torch.equal(norm.running_mean, before[0])
    assert torch.equal(norm.running_var, before[1])
    assert runner.logger.text.endswith("Its images: a.png")
