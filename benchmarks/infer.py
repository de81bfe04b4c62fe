"""Measures speed and memory of tiled super-resolution, and of one forward pass on the whole image.

    python benchmarks/infer.py --json infer.json

Each variant runs in a separate process. The memory is the increase of the peak memory, of the GPU if there is one.
Megapixels are those of the output.
"""

import argparse
import json
import multiprocessing
import resource
import time
from pathlib import Path
from typing import Any

from cyclesr.text_tables import markdown_table

WAYS = {"whole": None, "tiled": "auto"}


def measure(tile: int | str | None, height: int, width: int, small: bool, threads: int) -> dict[str, float]:
    """Upscales a random image once at a small size to warm up, then once in full size."""
    import torch

    from cyclesr.inference.upscale import Upscaler
    from cyclesr.registry import SR_BACKBONES

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    size = dict(channels=8, num_blocks=1) if small else {}
    upscale = Upscaler(SR_BACKBONES.build(dict(type="SRResNet", scale=4, **size)), 4, device, tile)
    lr = torch.rand(3, height, width)
    upscale(lr[:, :64, :64])
    before = _memory()
    start = time.perf_counter()
    sr = upscale(lr)
    took = time.perf_counter() - start
    pixels = sr.shape[1] * sr.shape[2] / 1e6
    return dict(seconds=took, megapixels_per_second=pixels / took, peak_mib=_memory() - before)


def _memory() -> float:
    """Returns the peak memory in MiB."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10  # KiB on Linux


def main() -> None:
    """Runs the benchmark, prints a table and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--height", type=int, default=1080, help="height of the LR image (default: 1080)")
    parser.add_argument("--width", type=int, default=1920, help="width of the LR image (default: 1920)")
    parser.add_argument("--threads", type=int, default=2, help="number of torch threads (default: 2)")
    parser.add_argument("--tile", type=int, help="side of a tile (default: auto)")
    parser.add_argument("--small", action="store_true", help="use a tiny network, to test the script")
    args = parser.parse_args()
    results: dict[str, Any] = {}
    for way, tile in WAYS.items():
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            arguments = (args.tile or tile if tile else None, args.height, args.width, args.small, args.threads)
            results[way] = pool.apply(measure, arguments)
    rows = [(way, f"{r['megapixels_per_second']:.2f}", f"{r['peak_mib']:.0f} MiB") for way, r in results.items()]
    print(markdown_table(("SRResNet x4", "megapixels per second", "peak memory"), rows))
    results["ratio_speed"] = results["whole"]["seconds"] / results["tiled"]["seconds"]
    results["ratio_memory"] = results["whole"]["peak_mib"] / max(results["tiled"]["peak_mib"], 1)
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
