"""Trainings that are killed or run out of disk space lose nothing, and continue as if nothing had happened."""

import random
import resource
import subprocess
import time
from pathlib import Path

import pytest
from conftest import command, environment
from test_train import assert_same, checkpoint, one_line

ITERATIONS = 24
LONGER = [
    "--cfg-options",
    f"train_cfg.max_iters={ITERATIONS}",
    "train_cfg.val_interval=5",
    "model.translator.pool_size=3",
    "train_dataloader.num_workers=1",
]


def killed_after(seconds: float, arguments: list[object], tmp_path: Path) -> None:
    """Starts a training, waits until it has written a checkpoint, and kills it the given time later."""
    work_dir = Path(str(arguments[arguments.index("--work-dir") + 1]))
    before = set(work_dir.glob("iter_*.pth"))
    process = subprocess.Popen(
        command(*arguments),
        env=environment(tmp_path),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and set(work_dir.glob("iter_*.pth")) <= before:
        time.sleep(0.005)
    time.sleep(seconds)
    process.kill()
    process.wait()


@pytest.mark.slow
def test_killed_at_random_moments_the_result_is_bitwise_equal(shell, config, tmp_path) -> None:
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    done = shell("train", config, "--work-dir", straight, *LONGER)
    assert done.returncode == 0, done.stderr
    moments = random.Random(0)
    for _ in range(3):
        killed_after(moments.uniform(0, 0.3), ["train", config, "--work-dir", killed, "--resume", *LONGER], tmp_path)
    done = shell("train", config, "--work-dir", killed, "--resume", *LONGER)
    assert done.returncode == 0, done.stderr
    a, b = checkpoint(straight, ITERATIONS), checkpoint(killed, ITERATIONS)
    for part in ("state_dict", "optimizer", "param_schedulers", "rank_states", "sr_network"):
        assert_same(a[part], b[part])
    logs = [c["message_hub"]["log_scalars"] for c in (a, b)]
    assert "train/loss_sr" in logs[0]
    for name in logs[0]:
        if "time" not in name:
            assert_same(logs[0][name], logs[1][name])


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
