"""Measure your images before a training: sharpness, noise, compression, and whether they come from one camera.

cyclesr measure mine/ --scale 4
cyclesr measure mine/ --hr sharp/ --scale 4 --out work_dirs/mine

Images are RGB, gray or of several bands. No HR images are needed. With --hr, their sharpness after reduction by the
scale is compared with that of the real images. The folder OUT receives measurement.html (a page with all results),
measurement.png (the curves) and measurement.json (the numbers).
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from cyclesr.cli.arguments import at_least

if TYPE_CHECKING:
    from cyclesr.inference.measurement import MeasurementReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr measure``."""
    parser.add_argument("real", type=Path, help="folder of real LR images")
    parser.add_argument("--hr", type=Path, metavar="DIR", help="folder of HR images: are they really sharper?")
    parser.add_argument("--scale", type=at_least(1), required=True, help="of HR to LR in the training")
    parser.add_argument("--channels", type=at_least(1), help="of the images (default: those of the files)")
    parser.add_argument(
        "-o", "--out", type=Path, default=Path("work_dirs/measure"), help="(default: work_dirs/measure)"
    )
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Measure, print the findings and write the report."""
    from cyclesr.inference.measurement import measure_folders, write_report
    from cyclesr.inference.measurement.writing import check_folder
    from cyclesr.progress import watch

    check_folder(args.out)
    report = measure_folders(args.real, args.hr, scale=args.scale, channels=args.channels, watch=watch)
    _print(report)
    files = write_report(report, args.out)
    print(*(f"written: {file}" for file in files), sep="\n")


def _print(report: "MeasurementReport") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from cyclesr.inference.measurement import findings

    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    for finding in findings(report):
        table.add_row(finding.title, Text(finding.text))
        if finding.advice:
            table.add_row("", Text(f"-> {finding.advice}", style="yellow"))
    Console(highlight=False).print(table)
    passed_over = [*report.real.passed_over, *(report.hr.whole.passed_over if report.hr else ())]
    for line in passed_over:
        print(f"passed over: {line}")
