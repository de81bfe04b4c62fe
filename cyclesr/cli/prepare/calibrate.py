"""Score bicubic under every protocol beside the paper's figures, to find the protocol that the paper used.

cyclesr prepare calibrate --data data/DIV2K --workers 8 --out calibration.json
"""

import argparse
from pathlib import Path

from cyclesr.cli.arguments import at_least


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr prepare calibrate``."""
    parser.add_argument("--data", type=Path, default=Path("data/DIV2K"), help="with DIV2K_valid_HR and tracks")
    parser.add_argument("--out", type=Path, default=Path("calibration.json"), help="a .md is written beside it")
    parser.add_argument("--protocols", nargs="+", help="default: all, on RGB and on Y")
    parser.add_argument("--bicubics", nargs="+", default=["matlab"], help="of matlab, pil, cv2")
    parser.add_argument("--images", type=at_least(1), help="the first so many of each track (default: all)")
    parser.add_argument("--lpips-weights", metavar="PATH", help="file or folder (default: torch hub's cache)")
    parser.add_argument("--workers", type=at_least(1), default=1, help="processes")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Score bicubic, print the table and write it."""
    from cyclesr.experiments.calibration import calibrate, markdown, write_table
    from cyclesr.inference.evaluation_report import check_place
    from cyclesr.progress import watch

    check_place(args.out)
    rows, images = calibrate(
        args.data,
        args.protocols,
        args.bicubics,
        images=args.images,
        lpips_weights=args.lpips_weights,
        workers=args.workers,
        watch=watch("bicubic"),
    )
    print(markdown(rows, images), end="")
    print("written:", *write_table(args.out, rows, images))
