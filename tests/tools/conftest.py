"""A tiny experiment to run the tools on."""

import os
import subprocess
import sys
from collections.abc import Callable
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

    def run(name: str, *args: object, path: Path | None = None) -> subprocess.CompletedProcess:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "CYCLESR_CACHE": str(tmp_path / "cache")}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), str(path) if path else ""]))
        command = [sys.executable, str(ROOT / "tools" / f"{name}.py"), *map(str, args)]
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)

    return run
