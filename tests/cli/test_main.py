"""The command ``cyclesr``: its help is light, and the scripts in tools/ are the same commands."""

import argparse
import runpy
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import cyclesr
from cyclesr.cli import prepare
from cyclesr.cli.commands import Command
from cyclesr.cli.main import COMMANDS, build_parser, run_command

ROOT = Path(__file__).parents[2]
ALL = [(name,) for name in COMMANDS] + [("prepare", name) for name in prepare.COMMANDS]
TOOLS = {
    "benchmark_tables": "benchmark-tables",
    "benchmark_track": "benchmark-track",
    "import_weights": "import",
    "prepare_data": "prepare",
}
HEAVY = ("torch", "torchvision", "mmengine", "mmcv", "cv2", "numpy", "PIL", "rich", "lpips", "cyclesr.registry")


def help_of(capsys: pytest.CaptureFixture, *words: str) -> str:
    with pytest.raises(SystemExit) as left:
        run_command([*words, "--help"])
    assert left.value.code == 0
    return capsys.readouterr().out


def test_help_imports_nothing_heavy() -> None:
    script = f"""
import contextlib, io, sys
from cyclesr.cli.main import run_command
for words in {[(), *ALL]}:
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        run_command([*words, "--help"])
print(*[name for name in {HEAVY} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def command_of(words: tuple[str, ...]) -> Command:
    return (COMMANDS if len(words) == 1 else prepare.COMMANDS)[words[-1]]


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_each_command_explains_itself(words: tuple[str, ...], capsys: pytest.CaptureFixture) -> None:
    shown = help_of(capsys, *words)
    assert shown.startswith(f"usage: cyclesr {' '.join(words)} ")
    text = import_module(command_of(words).module).__doc__
    assert text
    assert text.strip() in shown  # with its examples
    assert command_of(words).summary in " ".join(help_of(capsys, *words[:-1]).split())


@pytest.mark.parametrize("words", [words for words in ALL if words != ("prepare",)], ids=" ".join)
def test_each_command_does_its_own_work(words: tuple[str, ...]) -> None:
    module = import_module(command_of(words).module)
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    assert parser.get_default("main") is module.main


@pytest.mark.parametrize("tool", sorted(path.stem for path in (ROOT / "tools").glob("*.py")))
def test_each_script_in_tools_is_a_command(tool: str, capsys, monkeypatch) -> None:
    path = str(ROOT / "tools" / f"{tool}.py")
    monkeypatch.setattr(sys, "argv", [path, "--help"])
    with pytest.raises(SystemExit):
        runpy.run_path(path, run_name="__main__")
    assert capsys.readouterr().out == help_of(capsys, TOOLS.get(tool, tool))


def test_version(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        run_command(["--version"])
    assert capsys.readouterr().out == f"cyclesr {cyclesr.__version__}\n"


def test_an_unknown_command_names_the_known_ones(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as left:
        build_parser().parse_args(["trian"])
    assert left.value.code == 2
    assert "train" in capsys.readouterr().err


def test_a_line_break_in_an_argument_is_none_in_the_error(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        run_command(["list", "losses", "*", "a\nb"])
    assert capsys.readouterr().err.splitlines()[-1] == "cyclesr: error: unrecognized arguments: a b"
