"""Look for what would stop a training: images that are unreadable, too small, or no pairs.

cyclesr prepare check --hr sharp/ --real mine/ --scale 4 --crop 32
cyclesr prepare check --real mine/ --deep

The exit code is 2 when there is a problem.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cyclesr.cli.arguments import at_least
from cyclesr.errors import UserError

if TYPE_CHECKING:
    from cyclesr.datasets.inspection import FolderReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr prepare check``."""
    parser.add_argument("--hr", type=Path, help="HR folder")
    parser.add_argument("--real", type=Path, help="folder of real LR images, unpaired")
    parser.add_argument("--lr", type=Path, help="folder of LR images that pair with --hr")
    parser.add_argument("--scale", type=at_least(1), default=4)
    parser.add_argument("--crop", type=at_least(1), default=1, help="LR crop of the training, pixels; HR: times scale")
    parser.add_argument("--channels", type=at_least(1), help="of the images (default: those of the files)")
    parser.add_argument(
        "--deep",
        action="store_true",
        help="also find damage behind headers that decoders hide, as in overwritten JPEGs",
    )
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Print a table, the files that were passed over, and every problem.

    Raises:
        UserError: no folder given, or a problem found.
    """
    from cyclesr.datasets.inspection import inspect_folder, inspect_pairs, look_swapped
    from cyclesr.images.bands import channels_of_folders
    from cyclesr.progress import watch

    smallest = dict(hr=args.crop * args.scale, real=args.crop, lr=args.crop)
    folders = {name: getattr(args, name) for name in smallest if getattr(args, name)}
    if not folders:
        raise UserError("Nothing to check: give --hr, --real or --lr.")
    problems = []
    try:
        channels = args.channels or channels_of_folders(*folders.values())
    except UserError as error:  # the check goes on, as for RGB
        channels = 3
        problems.append(str(error))
    reports = {
        name: inspect_folder(path, smallest[name], watch(name), deep=args.deep, channels=channels)
        for name, path in folders.items()
    }
    _print_table(reports)
    for name, report in reports.items():
        if report.passed_over:
            print(f"{name}: passed over: {', '.join(report.passed_over)}")
    if {"real", "hr"} <= reports.keys() and look_swapped(reports["real"], reports["hr"]):
        print("warning: the real images are as large as the HR images, or larger: are --hr and --real swapped?")
    problems += [problem for report in reports.values() for problem in report.problems]
    if {"lr", "hr"} <= reports.keys():
        problems += inspect_pairs(reports["lr"], reports["hr"], args.scale)
    for problem in problems:
        print(f"- {problem}")
    if problems:
        raise UserError(f"{len(problems)} problem{'s' if len(problems) > 1 else ''} found, listed above.")
    print("no problem found")


def _print_table(reports: "dict[str, FolderReport]") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "images", "readable", "16 bit", "width", "height")
    for name, report in reports.items():
        heights, widths = zip(*report.sizes.values(), strict=True) if report.sizes else ((), ())
        counts = map(str, (len(report.images), len(report.sizes), report.sixteen_bit))
        table.add_row(name, *counts, _span(widths), _span(heights))
    Console().print(table)


def _span(sides: Sequence[int]) -> str:
    """Describe lengths as ``640 to 1280``, or ``1280`` where all are equal."""
    return " to ".join(map(str, sorted({min(sides), max(sides)}))) if sides else ""
