"""Measures the share of a joint step that is spent on averaging gradients over ranks.

    torchrun --nproc_per_node=2 benchmarks/gradient_averaging.py --json gradient_averaging.json

Each phase averages its flattened gradients after its backward pass. The share is the most that overlapping with the
backward pass could save. Times are those of rank 0, with gloo on CPUs and NCCL on GPUs.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_reduce_params
from torch import distributed
from train_step import CASES, build, optimizers_of, random_batch, seconds

from cyclesr.text_tables import markdown_table

PHASES = (("generators", "sr"), ("discriminators",))  # of a joint step


def measure(case: str, args: argparse.Namespace, device: torch.device) -> dict[str, float]:
    """Times a step, and the averaging of the gradients of all its phases."""
    model = build(case, args.small, "auto", device)
    optimizers = optimizers_of(model, "auto")
    batch = random_batch(args.lr, args.batch, device)
    gradients = [[torch.zeros_like(p) for part in phase for p in optimizers._parameters(part)] for phase in PHASES]

    def average() -> None:
        for phase in gradients:
            all_reduce_params(phase, op="mean")

    steps = dict(step=lambda: model.train_step(batch, optimizers), averaging=average)
    took = seconds(steps, args.repeats, device)
    megabytes = sum(g.nbytes for phase in gradients for g in phase) / 1e6
    return dict(
        seconds_step=took["step"],
        seconds_averaging=took["averaging"],
        share=took["averaging"] / took["step"],
        megabytes=megabytes,
    )


def main() -> None:
    """Runs the benchmark. Rank 0 prints a table and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--lr", type=int, default=120, help="side of the LR crops (default: 120, HR 480)")
    parser.add_argument("--batch", type=int, default=1, help="images per rank (default: 1; 16 on a large GPU)")
    parser.add_argument("--repeats", type=int, default=3, help="number of timings for the median (default: 3)")
    parser.add_argument("--small", action="store_true", help="use tiny networks, to test the script")
    args = parser.parse_args()
    torch.set_num_threads(1)
    on_gpu = torch.cuda.is_available()
    distributed.init_process_group("nccl" if on_gpu else "gloo")
    device = torch.device("cuda", distributed.get_rank()) if on_gpu else torch.device("cpu")
    found: dict[str, Any] = {case: measure(case, args, device) for case in CASES}
    if distributed.get_rank() == 0:
        rows = []
        for case, f in found.items():
            times = f"{f['seconds_step']:.3f} s", f"{f['seconds_averaging']:.3f} s"
            rows.append((case, f"{f['megabytes']:.0f} MB", *times, f"{f['share']:.1%}"))
        print(markdown_table(("case", "gradients", "step", "averaging", "share"), rows))
        if args.json:
            settings = dict(lr=args.lr, batch=args.batch, ranks=distributed.get_world_size())
            args.json.write_text(json.dumps({**settings, "cases": found}, indent=2) + "\n", encoding="utf-8")
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
