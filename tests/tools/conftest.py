"""A tiny experiment, and ways to run the commands on it."""

import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from cyclesr import plugins
from cyclesr.inference.training_report import TrainingReport
from cyclesr.registry import SR_BACKBONES

ROOT = Path(__file__).parents[2]

Tool = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def config(tiny_config: Path) -> Path:
    """Returns the config of a tiny CycleSR on ``folders``."""
    return tiny_config


@pytest.fixture
def shell(tmp_path: Path) -> Tool:
    """Returns a function that runs ``python tools/<name>.py ...`` in a new process, which takes seconds to start."""
    return partial(_run, tmp_path, [])


@pytest.fixture
def torchrun(tmp_path: Path) -> Tool:
    """Returns the same as ``shell`` with two processes of ``torchrun``."""
    return partial(_run, tmp_path, ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"])


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Yields a function that runs ``tools/<name>.py`` in this process and returns its exit code.

    It runs in ``tmp_path``. Modules that it imports from there and networks that they register are removed afterwards.
    Trainings need different experiment names, because mmengine keeps a log per name.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CYCLESR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(SR_BACKBONES, "_module_dict", {**SR_BACKBONES.module_dict})
    monkeypatch.setattr(SR_BACKBONES, "_imported", False)  # looks for plugins again
    monkeypatch.setattr(plugins, "_loaded", {*plugins._loaded})
    monkeypatch.setattr(TrainingReport, "html", lambda report: "")  # its charts take a second; it has tests of its own
    before = {*sys.modules}

    def tool(name: str, *arguments: object) -> int:
        path = str(ROOT / "tools" / f"{name}.py")
        monkeypatch.setattr(sys, "argv", [path, *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            runpy.run_path(path, run_name="__main__")
        return left.value.code

    yield tool
    for name in {*sys.modules} - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def tool(in_process: Callable[..., int], capfd: pytest.CaptureFixture[str]) -> Tool:
    """Returns a function that runs ``tools/<name>.py`` in this process and returns a completed process."""

    def run(name: str, *arguments: object) -> subprocess.CompletedProcess:
        capfd.readouterr()
        code = in_process(name, *arguments)
        return subprocess.CompletedProcess([name, *arguments], code, *capfd.readouterr())

    return run


def command(name: str, *args: object) -> list[str]:
    """Returns the command line of ``tools/<name>.py``."""
    return [sys.executable, str(ROOT / "tools" / f"{name}.py"), *map(str, args)]


def environment(tmp_path: Path, path: Path | None = None) -> dict[str, str]:
    """Returns environment variables: one thread, a cache in ``tmp_path`` and, if given, a folder of plugins."""
    variables = {**os.environ, "OMP_NUM_THREADS": "1", "CYCLESR_CACHE": str(tmp_path / "cache")}
    return {**variables, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), str(path) if path else ""]))}


def _run(
    tmp_path: Path, before: list[str], name: str, *args: object, path: Path | None = None
) -> subprocess.CompletedProcess:
    python, *rest = command(name, *args)
    return subprocess.run(
        [python, *before, *rest],
        capture_output=True,
        text=True,
        env=environment(tmp_path, path),
        cwd=tmp_path,
        check=False,
    )
