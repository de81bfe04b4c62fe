"""What a command is, and how several become choices of one parser."""

import argparse
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import NamedTuple


class Command(NamedTuple):
    """A command of a list.

    Attributes:
        module: where it is. The module's docstring is shown as its help; ``add_arguments(parser)`` adds its arguments,
            and ``main=...``, the function of the parsed arguments that does the work.
        summary: what it does, in the list.
    """

    module: str
    summary: str


def add_commands(
    parser: argparse.ArgumentParser, commands: Mapping[str, Command], asked: Iterable[str] | None = None
) -> None:
    """Add a sub-parser for each command, under its name.

    Args:
        parser: gets them.
        commands: by name.
        asked: names of the commands that may be run or explained. Only these are imported; by default all are.
    """
    choices = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for name, command in commands.items():
        chosen = choices.add_parser(name, help=command.summary, formatter_class=argparse.RawDescriptionHelpFormatter)
        if asked is None or name in asked:
            module = import_module(command.module)
            chosen.description = module.__doc__
            module.add_arguments(chosen)
