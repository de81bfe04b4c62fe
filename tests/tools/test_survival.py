"""Trainings that get SIGTERM or run out of disk space lose nothing; ``benchmarks/killed.py`` kills some."""

import re
import resource
import signal
import subprocess
import time

import pytest
from conftest import command, environment
from test_train import one_line


@pytest.mark.slow
def test_sigterm_ends_a_training_with_a_checkpoint_within_ten_seconds(config, tmp_path) -> None:
    work_dir = tmp_path / "run"
    options = ("--cfg-options", "train_cfg.max_iters=100000", "default_hooks.checkpoint.interval=100000")
    words = command("train", config, "--work-dir", work_dir, *options, "train_dataloader.num_workers=1")
    process = subprocess.Popen(
        words, env=environment(tmp_path), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    while not re.search(r"Iter\(train\) \[ *5/", process.stdout.readline()):
        assert process.poll() is None
    second = subprocess.run(words, env=environment(tmp_path), capture_output=True, text=True, check=False)
    assert re.search(rf"Process {process.pid} .*trains in the work dir", one_line(second))
    start = time.time()
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert time.time() - start < 10
    assert process.returncode == 128 + signal.SIGTERM
    (file,) = work_dir.glob("iter_*.pth")
    assert re.search(rf"stopped at iteration {file.stem[5:]}\..*--resume.*{file.name}", said.splitlines()[-1])
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_full_disk_keeps_the_earlier_checkpoints(shell, config, tmp_path) -> None:
    work_dir = tmp_path / "run"
    assert shell("train", config, "--work-dir", work_dir, "--cfg-options", "train_cfg.max_iters=2").returncode == 0
    before = (work_dir / "iter_2.pth").read_bytes()
    done = subprocess.run(
        command("train", config, "--work-dir", work_dir, "--resume"),
        capture_output=True,
        text=True,
        env=environment(tmp_path),
        cwd=tmp_path,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, len(before) // 2)),
    )
    assert "iter_4.pth" in one_line(done)
    assert "--resume" in done.stderr
    assert (work_dir / "iter_2.pth").read_bytes() == before
    assert [path.name for path in work_dir.iterdir() if "iter_4" in path.name] == []
