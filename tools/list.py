"""Lists the translators, SR networks, losses (plugins too) or configs that there are."""

import argparse

from cyclesr.catalogue.command import add_arguments
from cyclesr.catalogue.command import main as list_them
from cyclesr.cli.arguments import run


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    return parser.parse_args()


def main() -> None:
    """Lists."""
    list_them(parse_arguments())


if __name__ == "__main__":
    run(main)
