"""Simulate a challenge track from a folder of HR images.

cyclesr prepare track --hr HR --track mild --out LR
"""

import argparse
from pathlib import Path

from cyclesr.cli.arguments import at_least, positive


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr prepare track``."""
    parser.add_argument("--hr", type=Path, required=True)
    parser.add_argument("--track", required=True, choices=("unknown", "mild", "wild", "phone", "dslr"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scale", type=at_least(1), help="(default: 2 for phone and dslr, else 4)")
    parser.add_argument("--seed", type=at_least(0), default=0)
    parser.add_argument("--numbers", type=int, nargs=2, metavar=("FIRST", "LAST"), help="of the HR file names")
    parser.add_argument("--variants", type=at_least(1), default=4, help="LR images per HR of 'wild'; 1 to validate")
    for name in ("sigma-x", "sigma-y"):
        parser.add_argument(f"--{name}", type=positive, help="of the blur, HR pixels, instead of a random one")
    parser.add_argument("--angle", type=float, help="of the blur, degrees, instead of a random one")
    parser.add_argument("--shot", type=positive, help="noise variance of white in [0, 1], in place of the track's")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Make the LR images and the manifest."""
    from cyclesr.datasets.simulation import make_track
    from cyclesr.progress import watch

    given = dict(sigma_x=args.sigma_x, sigma_y=args.sigma_y, angle=args.angle)
    make_track(
        args.hr,
        args.out,
        args.track,
        args.scale,
        args.seed,
        numbers=tuple(args.numbers) if args.numbers else None,
        variants=args.variants,
        blur={key: value for key, value in given.items() if value is not None},
        shot=args.shot,
        watch=watch(f"track {args.track}"),
    )
    print(f"{args.out}: LR images, and manifest.json (the truth, for analysis only)")
