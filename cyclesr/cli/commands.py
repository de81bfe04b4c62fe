"""What a command is, and how several become choices of one parser."""

import argparse
from collections.abc import Mapping
from typing import Protocol


class Command(Protocol):
    """A file of this folder. Its docstring is the help: the first line in the list of commands, all of it below."""

    __doc__: str | None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments, and ``main=...``, the function of the parsed arguments that does the work."""


def add_commands(parser: argparse.ArgumentParser, commands: Mapping[str, Command]) -> None:
    """Add a sub-parser for each command, under its name."""
    choices = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for name, command in commands.items():
        text = command.__doc__ or ""
        chosen = choices.add_parser(
            name,
            help=text.partition("\n")[0].rstrip("."),
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(chosen)
