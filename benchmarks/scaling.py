"""Predicts how a training scales over GPUs, from the bytes that it averages and the time of its step.

    python benchmarks/scaling.py --step 0.121 --bandwidth 200 25 1.25

N ranks that average B bytes in a ring send and receive 2 (N - 1) / N * B each. Divided by the bandwidth between
neighbours, that is the time of averaging; it is added to the step, because it does not overlap with it. The efficiency
is the throughput of N ranks divided by N times that of one. ``gradient_averaging.py`` measures what this predicts.
"""

import argparse
import json
from pathlib import Path

import torch
from train_step import CASES, build

from cyclesr.text_tables import markdown_table

RANKS = (2, 4, 8, 16, 64)


def gradient_bytes(case: str, small: bool = False) -> int:
    """Returns the bytes of the gradients that a joint step averages, in float32."""
    model = build(case, small, False, torch.device("cpu"))
    return sum(p.numel() * p.element_size() for part in model.parts().values() for p in part.parameters())


def efficiency(size: int, step: float, bandwidth: float, ranks: int) -> float:
    """Returns the throughput of several ranks, divided by their number times that of one.

    Args:
        size: bytes that a step averages.
        step: seconds of a step of one rank.
        bandwidth: between neighbouring ranks, in GB/s.
        ranks: number of ranks.
    """
    averaging = 2 * (ranks - 1) / ranks * size / (bandwidth * 1e9)
    return step / (step + averaging)


def main() -> None:
    """Prints a table and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--case", choices=tuple(CASES), default="CycleGAN + VDSR", help="networks that are trained")
    parser.add_argument("--step", type=float, required=True, help="seconds of a step of one rank, as measured")
    parser.add_argument("--bandwidth", type=float, nargs="+", required=True, help="between neighbours, in GB/s")
    parser.add_argument("--small", action="store_true", help="use tiny networks, to test the script")
    args = parser.parse_args()
    size = gradient_bytes(args.case, args.small)
    found = {gb: {n: efficiency(size, args.step, gb, n) for n in RANKS} for gb in args.bandwidth}
    titles = (f"{args.case}, {size / 1e6:.0f} MB, {args.step:g} s", *(f"{n} ranks" for n in RANKS))
    print(markdown_table(titles, [(f"{gb:g} GB/s", *(f"{e:.1%}" for e in row.values())) for gb, row in found.items()]))
    if args.json:
        results = dict(bytes=size, step=args.step, efficiency=found)
        args.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
