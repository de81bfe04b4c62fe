"""What a training shows: a bar on a terminal, lines in a pipe and in the log file, all numbers in the JSON log."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cyclesr.engine.log_lines import training_line, validation_line, watched

ROOT = Path(__file__).parents[2]
SCALARS = {
    "sr.lr": 1e-4, "lr": 1e-4, "data_time": 0.1, "time": 0.25, "loss_sr": 5.72811, "grad_norm_sr": 3.0, "skipped": 0.0,
    "iter": 50, "loss_tiny": 5.3e-6,
}  # fmt: skip


def test_lines() -> None:
    line = training_line(50, 1200, SCALARS, 271.9)
    assert line == "Iter(train) [  50/1200]  eta: 0:04:31  time: 0.2500  loss_sr: 5.7281  loss_tiny: 5.3000e-06"
    assert training_line(1, 1, {"loss": 1.0, "memory": 812}, None) == "Iter(train) [1/1]  memory: 812  loss: 1.0000"
    scores = {"psnr": 27.3121, "ssim": 0.81234, "time": 0.1, "data_time": 0.0}
    assert validation_line(600, 1200, scores) == "Iter(val) [ 600/1200]  psnr: 27.3121  ssim: 0.8123"


def test_skipped_steps_are_shown_when_there_are_some() -> None:
    assert "skipped" not in watched(SCALARS)
    assert watched(SCALARS | {"skipped": 0.02})["skipped"] == "0.0200"


def command(config: Path, work_dir: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "cyclesr", "train", str(config), "--work-dir", str(work_dir), *options]


def on_terminal(words: list[str]) -> tuple[int, str]:
    """Runs a command on a terminal of its own; returns its exit code and what it wrote there, without colours."""
    terminal, end = pty.openpty()
    size = dict(TERM="xterm-256color", COLUMNS="100", LINES="30", OMP_NUM_THREADS="1", PYTHONPATH=str(ROOT))
    process = subprocess.Popen(words, stdin=end, stdout=end, stderr=end, env=os.environ | size, close_fds=True)
    os.close(end)
    written = b""
    while True:
        try:
            written += (part := os.read(terminal, 65536))
        except OSError:  # the other end is closed
            break
        if not part:
            break
    os.close(terminal)
    return process.wait(), re.sub(r"\x1b\[[\d;]*m", "", written.decode()).replace("\r\n", "\n")


@pytest.mark.slow
def test_a_terminal_gets_a_bar(tiny_config: Path, tmp_path: Path) -> None:
    code, shown = on_terminal(command(tiny_config, tmp_path / "run"))
    assert code == 0, shown
    assert "\x1b[" in shown  # the bar is drawn over
    assert "Iter(train)" not in shown
    assert re.search(r"training \(joint\) ━+ 6/6 +[\d.]+ (it/s|s/it) 0:00:\d\d left 0:00:00", shown)
    assert re.search(r"loss_sr \d", shown)
    assert len(re.findall(r"Iter\(val\) \[[36]/6\]  psnr: ", shown)) == 2
    assert "Saving checkpoint at 6 iterations" in shown
    assert shown.rstrip().endswith("IMAGES -o OUT")  # on a line below the bar
    (log,) = (tmp_path / "run").rglob("*.log")
    assert len(re.findall(r"Iter\(train\) \[\d/6\]  eta: .*loss_", log.read_text())) == 6


@pytest.mark.slow
def test_an_error_leaves_the_bar_and_shows(tiny_config: Path, tmp_path: Path) -> None:
    options = ("--cfg-options", "optim_wrapper.generators.optimizer.lr=1e30", "default_hooks.non_finite.patience=2")
    code, shown = on_terminal(command(tiny_config, tmp_path / "run", "--iterations", "200", *options))
    assert code == 2
    assert "error: 2 steps in a row" in shown.splitlines()[-1]
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l")  # the cursor is there again


@pytest.mark.slow
def test_a_pipe_gets_lines(tiny_config: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        command(tiny_config, tmp_path / "run"),
        capture_output=True,
        text=True,
        env=os.environ | dict(OMP_NUM_THREADS="1", PYTHONPATH=str(ROOT), NO_COLOR="1"),
    )
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    lines = [line for line in done.stdout.splitlines() if "Iter(train)" in line]
    assert len(lines) == 6
    assert "loss_sr: " in lines[-1]
    for internal in ("lr: ", "grad_norm", "skipped"):
        assert internal not in done.stdout
    assert len([line for line in done.stdout.splitlines() if "Iter(val)" in line]) == 2
    (log,) = (tmp_path / "run").rglob("vis_data/scalars.json")
    logged = set().union(*(json.loads(line) for line in log.read_text().splitlines()))
    assert {"sr.lr", "grad_norm_sr", "skipped", "data_time", "loss_sr", "psnr"} <= logged
