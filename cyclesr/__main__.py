"""The command ``cyclesr``: what needs but the installed package. Training and the rest are scripts in tools/."""

import argparse

from cyclesr.catalogue import command
from cyclesr.cli.arguments import run


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="cyclesr", description="Super-resolution trained without pairs.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listed = commands.add_parser("list", help="translators, SR networks, losses (plugins too) or configs")
    command.add_arguments(listed)
    listed.set_defaults(main=command.main)
    return parser.parse_args()


def main() -> None:
    """Runs the command and leaves the process."""
    run(lambda: _dispatch(parse_arguments()))


def _dispatch(args: argparse.Namespace) -> None:
    args.main(args)


if __name__ == "__main__":
    main()
