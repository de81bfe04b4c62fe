"""List the translators, SR networks, losses (plugins too) or configs.

cyclesr list backbones
cyclesr list configs ntire18
"""

import argparse

from cyclesr.errors import UserError

KINDS = ("translators", "backbones", "losses", "configs")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr list``."""
    parser.add_argument("kinds", nargs="?", choices=KINDS, help="what to list")
    parser.add_argument("pattern", nargs="?", default="*", help="part of a name, or a quoted pattern such as '*ResNet'")
    parser.add_argument("--configs", metavar="DIR", help="folder of the configs (default: those of cyclesr)")
    parser.add_argument("--write", metavar="FILE", help="write the page with all tables, docs/catalogue.md")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Print the list, or write the page.

    Raises:
        UserError: nothing to do, or no name that fits the pattern.
    """
    if not (args.kinds or args.write):
        raise UserError(f"Say what to list: {', '.join(KINDS)}; or --write FILE.")
    from cyclesr.catalogue.lists import listing
    from cyclesr.catalogue.page import write
    from cyclesr.config import configs_folder

    if args.kinds:
        print(listing(args.kinds, args.pattern, args.configs or configs_folder()))
    if args.write:
        write(args.write)
        print(f"written: {args.write}")
