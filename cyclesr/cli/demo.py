"""Run the embedded demo: train on photographs from the scikit wheels, and compare with training on bicubic pairs.

It needs no download: pip install 'cyclesr[demo]' brings the photographs. It takes minutes on a laptop.
"""

import argparse
from pathlib import Path

from cyclesr.cli.arguments import at_least


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr demo``."""
    parser.add_argument("--config", default="demo/probabilistic_demo", help="(default: demo/probabilistic_demo)")
    parser.add_argument("--seed", type=at_least(0), default=0, help="of the hidden blur, weights and data order")
    parser.add_argument("--iterations", type=at_least(1), help="of the training (default: what the config says)")
    parser.add_argument("--data", type=Path, help="made here when it is missing (default: data/demo_seed<seed>)")
    parser.add_argument("--work-dir", type=Path, default=Path("work_dirs/demo"))
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Prepare the data, train, compare, print the table."""
    from cyclesr.datasets.tracks import make_demo
    from cyclesr.engine.conclusion import conclude
    from cyclesr.experiments.comparison import as_table
    from cyclesr.experiments.demo import run_demo

    data = args.data or Path(f"data/demo_seed{args.seed}")
    if not (data / "manifest.json").is_file():  # written last
        make_demo(data, seed=args.seed)
    rows = run_demo(args.config, data, args.work_dir, args.seed, args.iterations)
    said = conclude(args.work_dir / "cyclesr", verdict=False)
    print(
        f"\n{as_table(rows)}\n\nPictures: {args.work_dir / 'pictures'}. Figures: {args.work_dir / 'results.json'}.",
        *said,
        sep="\n",
    )
