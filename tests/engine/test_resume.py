"""A training that was interrupted and resumed equals one that was not, and two ranks equal one."""

import math
import multiprocessing
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.dist import get_rank, get_world_size
from mmengine.hooks import Hook
from test_checkpoints import run

from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.engine.launch import train
from cyclesr.errors import Interrupted, UserError
from cyclesr.registry import HOOKS

# No norms: the gradient of a bias before an instance norm is only rounding error, which Adam turns into full steps.
# Three images are validated: two ranks score one of them twice, but it must count once.
EXACT: dict[str, Any] = {
    "model.translator.noise_channels": 0,
    "model.translator.pool_size": 0,
    "model.sr.norm": "none",
    "model.translator.generator.norm": "none",
    "model.translator.discriminator.norm": "none",
    "param_scheduler.sr": [],
    "val_dataloader.dataset.hr_range": (1, 3),
    "train_cfg.max_iters": 5,
    "train_cfg.val_interval": 5,
    "default_hooks.checkpoint.interval": 5,
}


# What the SR network learns of real images, too.
ON_REAL: dict[str, Any] = {
    "model.consistency": dict(weight=50.0, low_pass=3, tolerance=1.0),
    "model.weighting": dict(discriminator=dict(channels=4, norm="none")),
    "optim_wrapper.realness_discriminator": dict(optimizer=dict(type="Adam", lr=1e-3)),
    "param_scheduler.realness_discriminator": [],
}


def assert_same(a: object, b: object) -> None:
    """Asserts bitwise equality of nested dicts, lists and tensors."""
    if isinstance(a, torch.Tensor):
        assert torch.equal(a, b)
    elif isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            assert_same(a[key], b[key])
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        for one, other in zip(a, b, strict=True):
            assert_same(one, other)
    else:
        assert a == b


@pytest.mark.parametrize("extra", [{}, ON_REAL], ids=["plain", "on real images"])
def test_resumed_equals_straight(extra: dict[str, Any], tiny_config: Path, tmp_path: Path) -> None:
    run(tiny_config, tmp_path / "straight", **extra)
    shutil.copytree(tmp_path / "straight", tmp_path / "resumed")
    for iteration in (4, 6):  # as if it had been killed after its first checkpoint
        (tmp_path / "resumed" / f"iter_{iteration}.pth").unlink()
    run(tiny_config, tmp_path / "resumed", resume=True, **extra)
    straight, resumed = (read_checkpoint(tmp_path / name / "iter_6.pth") for name in ("straight", "resumed"))
    for part in ("state_dict", "optimizer", "param_schedulers", "rank_states"):
        assert_same(straight[part], resumed[part])


@HOOKS.register_module()
class KeepWeightsOfRank(Hook):
    """Saves the weights and the scores of each rank."""

    def after_train(self, runner: Any) -> None:
        scores = {name: float(runner.message_hub.get_scalar(f"val/{name}").current()) for name in ("psnr", "ssim")}
        weights = dict(runner.model.named_parameters())
        torch.save(dict(weights=weights, scores=scores), Path(runner.work_dir) / f"rank{get_rank()}.pt")


def train_rank(config: str, work_dir: Path, batch: int, extra: dict[str, Any], rank: int, world_size: int) -> None:
    """Trains one rank of a group that meets in a file."""
    torch.set_num_threads(1)
    options = {**EXACT, **extra, "experiment_name": str(work_dir), "train_dataloader.batch_size": batch}
    group = dict(init_method=f"file://{work_dir}.group", rank=rank, world_size=world_size)
    torch.distributed.init_process_group("gloo", **group)
    train(config, work_dir=str(work_dir), options=options, device="cpu", launcher="pytorch")


def train_ranks(
    config: Path, work_dir: Path, batch: int, world_size: int, extra: dict[str, Any]
) -> list[dict[str, Any]]:
    """Trains all ranks in forked processes, and returns what each has saved."""
    context = multiprocessing.get_context("fork")
    arguments = [(str(config), work_dir, batch, extra, rank, world_size) for rank in range(world_size)]
    processes = [context.Process(target=train_rank, args=values) for values in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * world_size
    return [torch.load(work_dir / f"rank{rank}.pt", weights_only=True) for rank in range(world_size)]


@HOOKS.register_module()
class SignalToLastRank(Hook):
    """Sends SIGTERM to the last rank only, after an iteration."""

    def after_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        if runner.iter + 1 == 3 and get_rank() == get_world_size() - 1:
            os.kill(os.getpid(), signal.SIGTERM)


def stopped_rank(*arguments: Any) -> None:
    """Trains one rank until a signal ends it, and exits as the command does."""
    try:
        train_rank(*arguments)
    except Interrupted as stop:
        sys.exit(128 + stop.number if "iter_3.pth" in str(stop) else 1)


@pytest.mark.slow
@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork")
def test_a_signal_to_one_rank_stops_all_of_them_at_the_same_iteration(tiny_config: Path, tmp_path: Path) -> None:
    hooks = 'custom_hooks = [dict(type="SignalToLastRank"),'
    tiny_config.write_text(tiny_config.read_text().replace("custom_hooks = [", hooks))
    context = multiprocessing.get_context("fork")
    arguments = [(str(tiny_config), tmp_path / "run", 2, {}, rank, 2) for rank in range(2)]
    processes = [context.Process(target=stopped_rank, args=values) for values in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [128 + signal.SIGTERM] * 2
    assert len(read_checkpoint(tmp_path / "run" / "iter_3.pth")["rank_states"]) == 2


@HOOKS.register_module()
class RemoveAfterFirstIteration(Hook):
    """Removes a file after the first iteration."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def after_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        if runner.iter == 0 and get_rank() == 0:
            self.path.unlink()


def rank_without_data(*arguments: Any) -> None:
    """Trains one rank until an image of the validation is missing; exits as the command does."""
    try:
        train_rank(*arguments)
    except UserError as error:
        words = ("0002x4.png", "stopped at iteration 3", "--resume", "iter_3.pth")
        sys.exit(2 if all(word in str(error) for word in words) else 1)


@pytest.mark.slow
@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork")
@pytest.mark.parametrize("workers", [0, 1])
def test_an_image_of_the_validation_that_one_rank_misses_stops_all(workers, tiny_config, folders, tmp_path) -> None:
    missing = folders["lr"] / "0002x4.png"  # the second of three, which only the second rank reads
    hooks = f'custom_hooks = [dict(type="RemoveAfterFirstIteration", path="{missing}"),'
    tiny_config.write_text(tiny_config.read_text().replace("custom_hooks = [", hooks))
    context = multiprocessing.get_context("fork")
    extra = {"train_cfg.val_interval": 3, "val_dataloader.num_workers": workers}
    arguments = [(str(tiny_config), tmp_path / "run", 2, extra, rank, 2) for rank in range(2)]
    processes = [context.Process(target=rank_without_data, args=values) for values in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        process.kill()
    assert [process.exitcode for process in processes] == [2, 2]
    assert len(read_checkpoint(tmp_path / "run" / "iter_3.pth")["rank_states"]) == 2


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork")
@pytest.mark.parametrize("extra", [{}, ON_REAL], ids=["plain", "on real images"])
def test_two_ranks_equal_one_with_twice_the_batch(extra: dict[str, Any], tiny_config: Path, tmp_path: Path) -> None:
    hooks = 'custom_hooks = [dict(type="KeepWeightsOfRank"),'
    tiny_config.write_text(tiny_config.read_text().replace("custom_hooks = [", hooks))
    (one,) = train_ranks(tiny_config, tmp_path / "one", 4, 1, extra)
    first, second = train_ranks(tiny_config, tmp_path / "two", 2, 2, extra)
    assert all(torch.equal(first["weights"][name], second["weights"][name]) for name in first["weights"])
    alone, both = (read_checkpoint(tmp_path / name / "iter_5.pth") for name in ("one", "two"))
    assert alone["state_dict"].keys() == both["state_dict"].keys()
    for name, weight in alone["state_dict"].items():
        torch.testing.assert_close(both["state_dict"][name], weight, rtol=0, atol=1e-6, msg=name)
    for name, score in one["scores"].items():
        assert math.isclose(first["scores"][name], score, rel_tol=1e-5)
    states = [own["random"]["torch"] for own in both["rank_states"]]
    assert len(states) == 2
    assert not torch.equal(*states)  # each rank draws its own noise
    assert len(list((tmp_path / "two").rglob("*.log"))) == 1
