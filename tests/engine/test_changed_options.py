"""Options that are changed at --resume: applied, or refused by name."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from test_checkpoints import log, run

from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.engine.changed_options import changes
from cyclesr.errors import UserError

_trained: list[tuple[Path, Path]] = []


@pytest.fixture
def started(tiny_config: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Returns the config and a copy of the work dir of a training that was killed after two of six iterations."""
    if not _trained:
        run(tiny_config, tmp_path / "first")
        for iteration in (4, 6):
            (tmp_path / "first" / f"iter_{iteration}.pth").unlink()
        _trained.append((tiny_config, tmp_path / "first"))
    config, work_dir = _trained[0]
    shutil.copytree(work_dir, tmp_path / "run")
    return config, tmp_path / "run"


def groups(work_dir: Path, part: str, iteration: int = 6) -> dict[str, Any]:
    (group,) = read_checkpoint(work_dir / f"iter_{iteration}.pth")["optimizer"][part]["param_groups"]
    return group


def test_learning_rate_and_betas_apply(started) -> None:
    config, work_dir = started
    rates = {"optim_wrapper.sr.optimizer.lr": 1e-4, "optim_wrapper.generators.optimizer.lr": 5e-4}
    betas = {"optim_wrapper.sr.optimizer.betas": (0.5, 0.9), "optim_wrapper.sr.optimizer.weight_decay": 0.1}
    runner = run(config, work_dir, resume=True, **rates, **betas)
    sr, generators, discriminators = (groups(work_dir, p) for p in ("sr", "generators", "discriminators"))
    factor = runner.param_schedulers["sr"][0].factor(5)  # of the last step; the schedule goes on from the new rate
    assert 0 < factor < 1
    assert (sr["initial_lr"], sr["lr"]) == (1e-4, pytest.approx(factor * 1e-4))
    assert (tuple(sr["betas"]), sr["weight_decay"]) == ((0.5, 0.9), 0.1)
    assert generators["lr"] == 5e-4
    assert discriminators["lr"] == 1e-3
    for words in (r"sr\.optimizer\.lr from 0\.001 to 0\.0001", r"generators\.optimizer\.lr", r"betas from nothing"):
        assert re.search(rf"From iteration 2 on.*{words}", log(work_dir)), words


def test_weight_batch_size_and_schedule_apply(started) -> None:
    config, work_dir = started
    options = {"model.sr_loss.weight": 7.0, "train_dataloader.batch_size": 1, "param_scheduler.sr.0.decay_from": 0.9}
    runner = run(config, work_dir, resume=True, **options)
    assert (runner.model.sr_loss.weight, runner.train_dataloader.batch_size) == (7.0, 1)
    assert runner.param_schedulers["sr"][0].decay_from == 0.9
    for words in (r"sr_loss\.weight from 100\.0 to 7\.0", r"batch_size from 2 to 1", r"decay_from from 0\.5 to 0\.9"):
        assert re.search(words, log(work_dir)), words


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"randomness.seed": 3}, r"randomness\.seed from 0 to 3"),
        ({"optim_wrapper.sr.optimizer.type": "SGD"}, r"sr\.optimizer\.type from Adam to SGD"),
        ({"param_scheduler.sr": []}, r"param_scheduler\.sr.*from .* to nothing"),
        (
            {"param_scheduler.generators": [dict(type="MultiStepLR", by_epoch=False, milestones=[3])]},
            r"param_scheduler\.generators\.0\.type from nothing to MultiStepLR",
        ),
        ({"model.sr.num_blocks": 2}, r"model\.sr\.num_blocks from 1 to 2.*another model"),
    ],
)
def test_what_cannot_change_is_refused_by_name(options, words, started) -> None:
    config, work_dir = started
    with pytest.raises(UserError, match=words):
        run(config, work_dir, resume=True, **options)


def test_nothing_is_said_without_a_change(started) -> None:
    config, work_dir = started
    run(config, work_dir, resume=True, train_dataloader__num_workers=1)
    assert "options have changed" not in log(work_dir)


def test_values_that_mean_the_same_are_no_change() -> None:
    one = dict(model=dict(a=(1, 2), b=None, c=[dict(type="X", d=1)]))
    other = dict(model=dict(a=[1, 2], c=(dict(type="X", d=2),)))
    assert [str(change) for change in changes(one, other)] == ["model.c.0.d from 1 to 2"]
