"""Lay out the photographs of scikit-image and scikit-learn as the data of the demo."""

import argparse
from pathlib import Path

from cyclesr.cli.arguments import at_least


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cyclesr prepare demo``."""
    parser.add_argument("--out", type=Path, help="default: data/demo_seed<seed>, which the configs read for seed 0")
    parser.add_argument("--seed", type=at_least(0), default=0, help="of the angle of the hidden blur")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> None:
    """Write the folders and print them."""
    from cyclesr.datasets.tracks import make_demo

    folders = make_demo(args.out or Path(f"data/demo_seed{args.seed}"), args.seed)
    for name in ("hr", "real", "valid_hr", "valid_lr", "hidden_lr"):
        print(f"{name:10} {folders[name]}")
