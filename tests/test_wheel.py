"""The wheel: installed beside no checkout, it lists, finds and trains its configs from an empty folder."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ("README.md", "LICENSE", "pyproject.toml", "setup.py", "cyclesr", "configs")
TINY = ("model.sr.channels=4", "model.sr.num_blocks=1", "train_dataloader.dataset.crop=12", "train_cfg.val_interval=9")
Command = Callable[..., subprocess.CompletedProcess]


def run(*words: object, folder: Path | None = None) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        list(map(str, words)), capture_output=True, text=True, cwd=folder, env=kept | {"OMP_NUM_THREADS": "1"}
    )


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Runs the installed command in an empty folder.

    The environment holds the wheel, and sees the other packages of this one.
    """
    place = tmp_path_factory.mktemp("wheel")
    (place / "source").mkdir()
    for name in SOURCE:  # a build folder in the checkout may hold modules that are gone
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, place / "source" / name)
    built = run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", place, place / "source")
    assert built.returncode == 0, built.stderr
    (wheel,) = place.glob("cyclesr-*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", place / "venv")
    python = place / "venv" / "bin" / "python"
    installed = run(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", wheel)
    assert installed.returncode == 0, installed.stderr
    (packages,) = (place / "venv" / "lib").glob("python*/site-packages")
    shared = [path for path in sys.path if path.endswith("site-packages")]
    # Python reads no .pth file in these folders, so an editable cyclesr stays out of sight.
    (packages / "shared.pth").write_text("\n".join(shared) + "\n", encoding="utf-8")
    folder = place / "empty"
    folder.mkdir()
    return lambda *words: run(packages.parents[2] / "bin" / "cyclesr", *words, folder=folder)


@pytest.mark.slow
def test_configs_are_listed(command: Command) -> None:
    done = command("list", "configs", "unitsr*")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == [
        "unitsr_ntire17_t2",
        "unitsr_ntire18_t2",
        "unitsr_ntire18_t4",
    ]


@pytest.mark.slow
def test_a_training_finds_its_config_by_name(command: Command) -> None:
    made = command("prepare", "demo")
    assert made.returncode == 0, made.stderr
    done = command("train", "probabilistic_demo", "--work-dir", "run", "--iterations", 2, "--cfg-options", *TINY)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith("Next: cyclesr infer run/sr_latest.safetensors IMAGES -o OUT")
    done = command("infer", "run/sr_latest.safetensors", "data/demo_seed0/valid/lr", "-o", "sr", "--device", "cpu")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_demo_can_be_short(command: Command) -> None:
    assert "--iterations" in command("demo", "--help").stdout
