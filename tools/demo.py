"""The embedded demo: trains on photographs from the scikit wheels and shows whether the method beats bicubic pairs."""

import argparse
from pathlib import Path

from cyclesr.cli.arguments import at_least, run


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", default="configs/demo/probabilistic_demo.py")
    parser.add_argument("--seed", type=at_least(0), default=0, help="of the hidden blur, weights and data order")
    parser.add_argument("--data", type=Path, help="made here when it is missing (default: data/demo_seed<seed>)")
    parser.add_argument("--work-dir", type=Path, default=Path("work_dirs/demo"))
    return parser.parse_args()


def main() -> None:
    """Prepares the data, trains, compares, prints the table."""
    args = parse_arguments()
    from cyclesr.datasets.tracks import make_demo
    from cyclesr.experiments.comparison import as_table
    from cyclesr.experiments.demo import run_demo

    data = args.data or Path(f"data/demo_seed{args.seed}")
    if not (data / "manifest.json").is_file():  # written last
        make_demo(data, seed=args.seed)
    rows = run_demo(args.config, data, args.work_dir, args.seed)
    print(f"\n{as_table(rows)}\n\nPictures: {args.work_dir / 'pictures'}. Figures: {args.work_dir / 'results.json'}.")


if __name__ == "__main__":
    run(main)
