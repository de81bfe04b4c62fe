"""Move HR images onto their LR images, for training on pairs.

cyclesr prepare align --lr LR --hr HR --out ALIGNED
"""

import argparse
from pathlib import Path

from cyclesr.cli.arguments import at_least, positive


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr prepare align``."""
    parser.add_argument("--lr", type=Path, required=True)
    parser.add_argument("--hr", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="gets lr/, hr/ and alignment.json")
    parser.add_argument("--scale", type=at_least(1), default=4)
    parser.add_argument(
        "--max-shift", type=at_least(1), default=40, help="HR pixels; else a pair is dropped (default: 40)"
    )
    parser.add_argument("--min-correlation", type=float, default=0.9, help="a pair below is dropped (default: 0.9)")
    parser.add_argument("--max-residual", type=positive, default=0.25, help="HR pixels left after it (default: 0.25)")
    parser.add_argument("--workers", type=at_least(1), default=1, help="processes")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Align, and print what was found and what was dropped."""
    import statistics

    from cyclesr.datasets.alignment import Limits, align_folders
    from cyclesr.progress import watch

    limits = Limits(args.max_shift, args.min_correlation, args.max_residual)
    found = align_folders(args.lr, args.hr, args.out, args.scale, limits, workers=args.workers, watch=watch("aligning"))
    kept = [pair for pair in found if not pair.dropped]
    for pair in found:
        if pair.dropped:
            print(f"- dropped {pair.lr}: {pair.dropped}")
    for name, values in (
        ("shift down, HR px", [pair.dy for pair in kept]),
        ("shift right, HR px", [pair.dx for pair in kept]),
        ("residual, HR px", [pair.residual for pair in kept]),
        ("correlation", [pair.correlation for pair in kept]),
    ):
        print(f"{name:18}  median {statistics.median(values):7.3f}  from {min(values):7.3f} to {max(values):7.3f}")
    print(f"{args.out}: {len(kept)} pairs in lr/ and hr/, {len(found) - len(kept)} dropped; see alignment.json")
