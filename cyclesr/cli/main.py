"""The command ``cyclesr``: finds the command that was asked for and runs it."""

import argparse
import sys
from collections.abc import Sequence

import cyclesr
from cyclesr.cli import (
    benchmark_pairs,
    compare,
    config,
    degrade,
    demo,
    drift,
    export,
    import_weights,
    infer,
    list,
    prepare,
    tables,
    test,
    train,
)
from cyclesr.cli.commands import Command, add_commands
from cyclesr.cli.process import run

COMMANDS: dict[str, Command] = {
    "demo": demo,
    "prepare": prepare,
    "train": train,
    "infer": infer,
    "test": test,
    "degrade": degrade,
    "export": export,
    "import": import_weights,
    "list": list,
    "config": config,
    # experiments of developers
    "tables": tables,
    "benchmark-pairs": benchmark_pairs,
    "compare": compare,
    "drift": drift,
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
    args = build_parser().parse_args(arguments)
    args.main(args)


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="cyclesr",
        description="Train super-resolution networks without pairs, and use them.",
        epilog="'cyclesr COMMAND --help' explains a command.",
    )
    parser.add_argument("--version", action="version", version=f"cyclesr {cyclesr.__version__}")
    add_commands(parser, COMMANDS)
    return parser
