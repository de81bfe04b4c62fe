"""Compare bicubic, bicubic pairs, CycleSR, UNITSR and true pairs on a track simulated from photographs (experiment).

cyclesr benchmark-track --hr PHOTOGRAPHS --track mild --minutes 15
"""

import argparse
from pathlib import Path

from cyclesr.cli.arguments import at_least, positive

METHODS = ("bicubic", "sr_syn", "cyclesr", "unitsr", "sr_paired")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr benchmark-track``."""
    parser.add_argument("--hr", type=Path, required=True, help="folder of sharp photographs")
    parser.add_argument("--track", default="unknown", choices=("unknown", "mild", "wild"))
    parser.add_argument("--minutes", type=positive, default=15.0, help="training time of each unpaired method")
    parser.add_argument("--seed", type=at_least(0), default=0)
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--cyclesr", default="demo/cyclesr_track", help="config")
    parser.add_argument("--unitsr", default="demo/unitsr_track", help="config")
    parser.add_argument("--work-dir", type=Path, default=Path("work_dirs/track"))
    parser.add_argument("--out", type=Path, help="JSON file (default: results.json in the work dir)")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Simulate, train, compare, print the table."""
    from cyclesr.experiments.comparison import as_table
    from cyclesr.experiments.track_benchmark import benchmark_track

    configs = dict(cyclesr=args.cyclesr, unitsr=args.unitsr)
    work_dir = args.work_dir / f"{args.track}_seed{args.seed}"
    out = args.out or work_dir / "results.json"
    rows = benchmark_track(args.hr, args.track, args.minutes, args.seed, args.methods, configs, work_dir, out)
    print(f"\n{as_table(rows)}\n\nFigures: {out}.")
