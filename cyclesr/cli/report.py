"""Write a page about a training, finished or not: images, verdict, degradation, camera, curves and settings.

cyclesr report work_dirs/mine
cyclesr report WORK_DIR --out page.html

The page is one file, which any browser opens from disk. Every training writes it at its end, as report.html.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr report``."""
    parser.add_argument("work_dir", type=Path, help="folder of a training")
    parser.add_argument("-o", "--out", type=Path, metavar="FILE.html", help="(default: report.html in the work dir)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:<number> (default: auto)")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Write the page, and say where it is."""
    from cyclesr.errors import UserError
    from cyclesr.inference.training_report import TrainingReport

    report = TrainingReport(args.work_dir, args.device)
    try:
        page = report.write(args.out)
    except OSError as error:
        raise UserError(f"The report cannot be written: {error}.") from error
    print(*report.verdict_lines(), sep="\n")
    print("written:", page)
