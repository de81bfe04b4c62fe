"""Measures how long torch.compile takes before the first step of a generator, and the speed of the steps after it.

    python benchmarks/compile_time.py --json compile_time.json

Three ways to compile CycleGAN's generator: as a whole; block by block, where blocks that are alike are compiled once;
and as a whole again, in a new process that finds the results of the first on disk. Each runs in a process of its own.
"""

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from pathlib import Path

from cyclesr.text_tables import markdown_table

WAYS = ("not compiled", "as a whole", "as a whole, from the cache on disk", "block by block")


def measure(way: str, cache: str, args: argparse.Namespace) -> dict[str, float]:
    """Returns the seconds of the first forward and backward pass, and of the fastest of some more."""
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache
    import torch

    from cyclesr.models.networks.residual import ResidualBlock
    from cyclesr.models.networks.resnet_generator import ResNetGenerator

    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = ResNetGenerator(args.channels, args.blocks).to(device)
    compiled = [m for m in network.modules() if isinstance(m, ResidualBlock)] if way == WAYS[3] else [network]
    for module in compiled if way != WAYS[0] else []:
        module.compile()
    image = torch.rand(args.batch, 3, args.side, args.side, device=device)
    times = []
    for _ in range(1 + args.repeats):
        start = time.perf_counter()
        network(image).square().mean().backward()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return dict(first=times[0], fastest=min(times[1:]))


def main() -> None:
    """Runs the benchmark, prints a table and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--channels", type=int, default=64, help="channels of the generator (default: 64)")
    parser.add_argument("--blocks", type=int, default=9, help="its residual blocks (default: 9)")
    parser.add_argument("--side", type=int, default=64, help="side of the images (default: 64)")
    parser.add_argument("--batch", type=int, default=2, help="images per batch (default: 2)")
    parser.add_argument("--repeats", type=int, default=3, help="number of further steps (default: 3)")
    parser.add_argument("--threads", type=int, default=1, help="number of torch threads (default: 1)")
    args = parser.parse_args()
    results = {}
    with tempfile.TemporaryDirectory() as caches:
        for way in WAYS:
            cache = str(Path(caches) / ("blocks" if way == WAYS[3] else "whole"))
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                results[way] = pool.apply(measure, (way, cache, args))
    rows = [(way, f"{r['first']:.1f} s", f"{r['fastest']:.2f} s") for way, r in results.items()]
    print(markdown_table(("CycleGAN's generator", "first step", "later steps"), rows))
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
