"""Trainings with losses that are not finite."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.engine.hooks import NonFiniteHook
from cyclesr.engine.launch import train
from cyclesr.errors import UserError
from cyclesr.registry import LOSSES


@LOSSES.register_module()
class MSEWithAccidents(torch.nn.Module):
    """Mean squared error that is NaN from the first to the last of the given calls."""

    def __init__(self, at: tuple[int, int]) -> None:
        super().__init__()
        self.weight, self.first, self.last, self.calls = 100.0, *at, 0

    def forward(self, sr: torch.Tensor, hr: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return (sr - hr).square().mean() * (torch.nan if self.first <= self.calls <= self.last else 1.0)


def run(config: Path, work_dir: Path, at: tuple[int, int]) -> None:
    options = {
        "model.sr_loss": dict(type="MSEWithAccidents", at=at, _delete_=True),
        "experiment_name": str(work_dir),
        "default_hooks.non_finite.patience": 3,
        "train_cfg.max_iters": 8,
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
