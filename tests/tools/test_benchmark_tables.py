"""The command ``tables``."""

import json
import re
import subprocess
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import command, environment

ROOT = Path(__file__).parents[2]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for i in range(5):
        image = cv2.resize(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8), (160, 160), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(tmp_path / "photos" / f"{i}.png"), image)
    return tmp_path / "photos"


def test_a_row_of_two_seeds_becomes_a_page(tool, photos, tmp_path) -> None:
    arguments = ["--table", 1, "--rows", "bicubic", "--tracks", "unknown", "--seeds", 0, 1]
    done = tool("benchmark_tables", *arguments, "--hr", photos, "--configs", ROOT / "configs")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("written: work_dirs/tables_demo/table1_demo.md\n")
    text = (tmp_path / "work_dirs" / "tables_demo" / "table1_demo.md").read_text()
    assert "--scale demo --tracks unknown --seeds 0 1 --hr PHOTOGRAPHS --minutes 15 --rows bicubic" in text
    assert str(tmp_path) not in text
    assert "| Bicubic | 0, 1 | " in text
    assert "| 23.976 | 0.644 | 0.487 |" in text


@pytest.mark.slow
def test_a_short_row_that_is_killed_resumes_from_its_last_checkpoint(shell, photos, tmp_path) -> None:
    arguments = ["--table", 1, "--rows", "cyclesr", "--tracks", "unknown", "--hr", photos, "--iterations", 40]
    arguments += ["--configs", ROOT / "configs"]
    row = tmp_path / "work_dirs" / "tables_demo" / "unknown_seed0" / "cyclesr"
    with open(tmp_path / "log", "w") as log:
        process = subprocess.Popen(
            command("benchmark_tables", *arguments), env=environment(tmp_path), cwd=tmp_path, stdout=log, stderr=log
        )
    while process.poll() is None and not (row / "iter_12.pth").is_file():
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert not (row / "iter_40.pth").exists(), (tmp_path / "log").read_text()
    done = shell("benchmark_tables", *arguments)
    assert done.returncode == 0, done.stderr
    logged = "".join(path.read_text() for path in row.glob("*/*.log"))
    (resumed,) = re.findall(r"resumed .*iter: (\d+)", logged)
    assert int(resumed) in range(12, 40, 4)
    result = json.loads((row / "result.json").read_text())
    assert (result["iterations"], result["minutes"]) == (40, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--table", 4, "--scale", "full", "--out", __file__], r"--out"),
        (["--table", 1, "--scale", "full", "--lpips-weights", "x"], r"alexnet-\*\.pth at x"),
        (["--table", 4, "--scale", "full", "--perceptual-weights", "x"], r"vgg19-\*\.pth at x"),
        (["--table", 1], r"photographs.*--hr"),
        (["--table", 1, 3, "--rows", "cyclesr"], r"--rows"),
        (["--table", "pairings", "--scale", "full"], r"pairings.*--scale demo"),
        (["--table", 3, "--scale", "full", "--tracks", "mild"], r"Table 3 .*unknown.*mild.*--tracks"),
        (["--table", 1, "--scale", "full", "--hr", "x"], r"--hr.*DIV2K"),
    ],
)
def test_mistakes_are_one_line(arguments, message, tool) -> None:
    done = tool("benchmark_tables", "--configs", ROOT / "configs", *arguments)
    assert done.returncode == 2
    assert re.search(message, done.stderr)
    assert done.stderr.count("\n") == 1
