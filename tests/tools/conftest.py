"""A tiny experiment to run the tools on."""

import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

Tool = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def config(tiny_config: Path) -> Path:
    """A config of a tiny CycleSR on ``folders``."""
    return tiny_config


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    """Runs ``python tools/<name>.py ...`` as a user would; returns the finished process, whatever its exit code."""
    return partial(_run, tmp_path, [])


@pytest.fixture
def torchrun(tmp_path: Path) -> Tool:
    """The same as ``tool`` in two processes of ``torchrun``."""
    return partial(_run, tmp_path, ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"])


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs ``tools/<name>.py`` in this process, which is quicker; returns its exit code."""

    def tool(name: str, *arguments: object) -> int:
        path = str(ROOT / "tools" / f"{name}.py")
        monkeypatch.setattr(sys, "argv", [path, *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            runpy.run_path(path, run_name="__main__")
        return left.value.code

    return tool


def command(name: str, *args: object) -> list[str]:
    """What a shell would run."""
    return [sys.executable, str(ROOT / "tools" / f"{name}.py"), *map(str, args)]


def environment(tmp_path: Path, path: Path | None = None) -> dict[str, str]:
    """One thread, a cache of the test's own, and perhaps a folder of plugins."""
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
