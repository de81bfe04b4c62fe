"""Ctrl-C, SIGTERM, data that disappears, and a second training in the same work dir: one line, and nothing is lost."""

import logging
import multiprocessing
import os
import re
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from test_checkpoints import log, run
from test_resume import assert_same

from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.datasets.worker_errors import errors_of_workers_in_one_line
from cyclesr.engine import loaders
from cyclesr.engine.lock import only_training_in
from cyclesr.errors import Interrupted, UserError
from cyclesr.registry import HOOKS

PARTS = ("state_dict", "optimizer", "param_schedulers", "rank_states", "sr_network")


@HOOKS.register_module()
class DoAtHook(Hook):
    """Does something after an iteration of the training, or after the first image of the validation that follows it."""

    def __init__(self, iteration: int, action: str, what: Any, validation: bool = False) -> None:
        self.iteration, self.action, self.what, self.validation = iteration, action, what, validation

    def after_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        if not self.validation and runner.iter + 1 == self.iteration:
            self._act()

    def after_val_iter(self, runner: Any, batch_idx: int, *args: Any, **kwargs: Any) -> None:
        if self.validation and runner.iter == self.iteration and batch_idx == 0:
            self._act()

    def _act(self) -> None:
        if self.action == "signal":
            os.kill(os.getpid(), self.what)
        else:
            shutil.rmtree(self.what)


def at(iteration: int, action: str, what: Any, validation: bool = False) -> dict[str, Any]:
    """Returns options for a :class:`DoAtHook`."""
    hook = dict(type="DoAtHook", iteration=iteration, action=action, what=what, validation=validation)
    return {"default_hooks.do_at": hook, "default_hooks.checkpoint.interval": 100}


@pytest.mark.parametrize(
    ("number", "iteration", "validation"),
    [(signal.SIGTERM, 5, False), (signal.SIGINT, 3, True)],
    ids=["SIGTERM in training", "Ctrl-C in validation"],
)
def test_a_signal_leaves_a_checkpoint_that_continues_exactly(
    number: int, iteration: int, validation: bool, tiny_config: Path, tmp_path: Path
) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts background jobs with SIGINT ignored
    run(tiny_config, tmp_path / "straight")
    handlers = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    stop = at(iteration, "signal", number, validation)
    with pytest.raises(Interrupted, match=rf"stopped at iteration {iteration}.*--resume.*iter_{iteration}\.pth") as end:
        run(tiny_config, tmp_path / "stopped", **stop)
    assert end.value.number == number
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == handlers
    run(tiny_config, tmp_path / "stopped", resume=True)
    one, other = (read_checkpoint(tmp_path / name / "iter_6.pth") for name in ("straight", "stopped"))
    for part in PARTS:
        assert_same(one[part], other[part])
    for name, values in one["message_hub"]["log_scalars"].items():
        if "time" not in name:
            assert values == other["message_hub"]["log_scalars"][name], name
    assert len(re.findall(r"Iter\(val\) \[3/6\]", log(tmp_path / "stopped"))) == 1


def test_a_stopped_training_leaves_complete_curves(tiny_config: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with pytest.raises(Interrupted):
        run(tiny_config, tmp_path / "run", **at(5, "signal", signal.SIGTERM))
    (file,) = (tmp_path / "run").rglob("events.out*")
    assert [point.step for point in EventAccumulator(str(file)).Reload().Scalars("loss_sr")][-1] == 5


@pytest.mark.parametrize("workers", [0, 1])
def test_images_that_disappear_end_the_training_with_a_checkpoint(workers: int, tiny_config, tmp_path) -> None:
    options = at(3, "remove", str(tmp_path / "lr")) | {"train_dataloader.num_workers": workers, "val_cfg": None}
    options |= {"val_dataloader": None, "val_evaluator": None, "train_cfg.max_iters": 40}
    with pytest.raises(UserError) as error:
        run(tiny_config, tmp_path / "run", **options)
    message = str(error.value)
    (file,) = (tmp_path / "run").glob("iter_*.pth")
    assert re.search(rf"lr/000\dx4\.png.*stopped at iteration {file.stem[5:]}.*--resume.*{file.name}", message)
    assert "Traceback" not in message
    assert len(message) < 500


class Broken(torch.utils.data.Dataset):
    def __init__(self, error: Exception) -> None:
        self.error = error

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> int:
        raise self.error


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UserError("The image a/b.png is corrupt."), r"^The image a/b\.png is corrupt\.$"),
        (PermissionError(13, "Permission denied", "a/b.png"), r"^PermissionError.*Permission denied.*a/b\.png"),
        (RuntimeError("unable to allocate shared memory(shm) for file </torch_1_2>"), r"/dev/shm.*--shm-size"),
    ],
)
def test_an_error_in_a_worker_is_one_line(error: Exception, words: str) -> None:
    with pytest.raises(UserError, match=words) as found, errors_of_workers_in_one_line():
        next(iter(torch.utils.data.DataLoader(Broken(error), num_workers=1, multiprocessing_context="fork")))
    assert "\n" not in str(found.value)


def test_a_bug_in_a_worker_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), errors_of_workers_in_one_line():
        next(iter(torch.utils.data.DataLoader(Broken(ZeroDivisionError()), num_workers=1)))


@pytest.mark.slow
def test_settings_of_workers_without_workers(tiny_config, tmp_path) -> None:
    options = {"train_dataloader.persistent_workers": True, "val_dataloader.persistent_workers": True}
    run(tiny_config, tmp_path / "run", **options, **{"train_dataloader.prefetch_factor": 4})
    assert (tmp_path / "run" / "iter_6.pth").is_file()


@pytest.mark.parametrize(("megabytes", "workers"), [(1000, 4), (64, 1), (10, 0)])
def test_a_small_shared_memory_gets_fewer_workers(megabytes, workers, monkeypatch, caplog) -> None:
    usage = shutil._ntuple_diskusage(0, 0, megabytes * 2**20)
    monkeypatch.setattr(loaders.shutil, "disk_usage", lambda _: usage)
    monkeypatch.setattr(loaders.Path, "is_dir", lambda _: True)
    data = dict(type="UnpairedDataset", crop=120, scale=4)  # 16 images of a batch are 11 MB
    config = loaders.Config(dict(train_dataloader=dict(batch_size=16, num_workers=4, dataset=data)))
    monkeypatch.setattr(loaders, "print_log", lambda text, **_: logging.getLogger("x").warning(text))
    loaders.fit_loaders(config)
    assert config.train_dataloader.num_workers == workers
    said = re.search(rf"/dev/shm has {megabytes} MB.*using {workers}\..*--shm-size", caplog.text)
    assert bool(said) == (workers < 4)


def hold(work_dir: Path, held: Any) -> None:
    with only_training_in(work_dir):
        held.set()
        time.sleep(60)


def test_a_second_training_in_a_work_dir_is_refused_until_the_first_is_killed(tiny_config, tmp_path) -> None:
    context = multiprocessing.get_context("fork")
    held = context.Event()
    first = context.Process(target=hold, args=(tmp_path / "run", held))
    first.start()
    assert held.wait(30)
    with pytest.raises(UserError, match=rf"Process {first.pid} .* trains in the work dir .*run.*--work-dir"):
        run(tiny_config, tmp_path / "run")
    first.kill()
    first.join()
    run(tiny_config, tmp_path / "run", train_cfg__max_iters=1)
    assert (tmp_path / "run" / "iter_1.pth").is_file()


def test_a_training_that_does_not_start_leaves_no_work_dir(tiny_config, tmp_path) -> None:
    with pytest.raises(UserError, match="nowhere"):
        run(tiny_config, tmp_path / "run", train_dataloader__dataset__hr="nowhere")
    assert not (tmp_path / "run").exists()


@HOOKS.register_module()
class FullDiskHook(Hook):
    """Writes as a logger and as a thread of TensorBoard do while the disk is full."""

    def after_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        def write() -> None:
            raise OSError(28, "No space left on device")

        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        write()


def test_a_full_disk_is_one_line_without_tracebacks_of_threads(tiny_config, tmp_path, capsys) -> None:
    with pytest.raises(UserError, match=r"run failed: No space left on device.*--resume"):
        run(tiny_config, tmp_path / "run", default_hooks__full_disk=dict(type="FullDiskHook"))
    assert "Traceback" not in capsys.readouterr().err


def test_a_disk_that_is_full_before_the_training_is_one_line(tiny_config, tmp_path, monkeypatch) -> None:
    def full(runner: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cyclesr.engine.runner.Runner.dump_config", full)
    with pytest.raises(UserError, match=r"run failed: No space left on device"):
        run(tiny_config, tmp_path / "run")


def test_a_clock_that_jumps_does_not_change_the_time_left(tiny_config, tmp_path, monkeypatch) -> None:
    start, calls = time.time(), iter(range(10**9))
    monkeypatch.setattr(time, "time", lambda: start + (1e9 if next(calls) % 2 else -1e9))
    run(tiny_config, tmp_path / "run")
    lines = re.findall(r"eta: (.*?)  time: ([\d.e-]+)", log(tmp_path / "run"))
    assert len(lines) == 6
    assert all(re.fullmatch(r"0:0\d:\d\d", eta) and float(seconds) < 60 for eta, seconds in lines)
