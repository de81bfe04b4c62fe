"""The command ``cyclesr``: finds the command that was asked for and runs it."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

import cyclesr
from cyclesr.cli.commands import Command, add_commands
from cyclesr.cli.process import run

COMMANDS = {
    "demo": Command("cyclesr.cli.demo", "train and compare on a few photographs, in minutes"),
    "prepare": Command("cyclesr.cli.prepare", "check folders, simulate tracks, download DIV2K, align pairs"),
    "measure": Command("cyclesr.cli.measure", "measure the sharpness, noise and compression of your images"),
    "train": Command("cyclesr.cli.train", "train an SR network from unpaired images"),
    "infer": Command("cyclesr.cli.infer", "super-resolve images"),
    "test": Command("cyclesr.cli.test", "score a checkpoint, bicubic or a folder of images"),
    "verdict": Command("cyclesr.cli.verdict", "compare a network with bicubic on images without ground truth"),
    "report": Command("cyclesr.cli.report", "write a page about a training, which a browser opens"),
    "degrade": Command("cyclesr.cli.degrade", "make real-looking LR images from HR images"),
    "export": Command("cyclesr.cli.export", "write an SR network for other programs"),
    "import": Command("cyclesr.cli.import_weights", "convert published weights of an SR network"),
    "list": Command("cyclesr.cli.list", "list translators, SR networks, losses or configs"),
    "config": Command("cyclesr.cli.config", "print a config as a training would use it"),
    "benchmark-tables": Command("cyclesr.cli.benchmark_tables", "experiment: rows of the paper's tables"),
    "benchmark-track": Command("cyclesr.cli.benchmark_track", "experiment: methods on a simulated track"),
    "benchmark-pairs": Command("cyclesr.cli.benchmark_pairs", "experiment: methods on real pairs"),
    "drift": Command("cyclesr.cli.drift", "experiment: whether G1 drifted during a training"),
}


def main(command: str | None = None) -> None:
    """Run a command with the arguments of this process, and leave the process.

    Args:
        command: its name, as the scripts in ``tools/`` give it; the first argument of the process by default.
    """
    run(lambda: run_command([command, *sys.argv[1:]] if command else sys.argv[1:]))


def run_command(arguments: Sequence[str]) -> None:
    """Run ``["train", "CONFIG", ...]``.

    Raises:
        UserError: a mistake in the arguments, or in the files that they name.
        SystemExit: arguments that argparse rejects, or ``--help``.
    """
    args = build_parser(arguments[:1]).parse_args(arguments)
    args.main(args)


def build_parser(asked: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """Build the parser.

    Args:
        asked: names of the commands whose arguments it reads; by default those of all.
    """
    parser = _Parser(
        prog="cyclesr",
        description="Train super-resolution networks without pairs, and use them.",
        epilog="'cyclesr COMMAND --help' explains a command.",
    )
    parser.add_argument("--version", action="version", version=f"cyclesr {cyclesr.__version__}")
    add_commands(parser, COMMANDS, asked)
    return parser


class _Parser(argparse.ArgumentParser):
    """A parser, also of the commands, whose errors are one line, whatever characters the arguments have."""

    def error(self, message: str) -> NoReturn:
        super().error(" ".join(message.split()))
