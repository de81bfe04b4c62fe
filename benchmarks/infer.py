"""Measures speed and memory of tiled super-resolution for several networks, against plain forward passes.

    python benchmarks/infer.py --networks SRResNet EDSR RRDBNet --json infer.json

For each network: the whole image in one forward pass; tiles; the bare network on one tile without surroundings, which
is the most that tiles can reach; and, where the package spandrel has the same network, a forward pass of its
implementation on the whole image. Each runs in a separate process. The memory is the increase of the peak memory, of
the GPU if there is one. Megapixels are those of the output. On a CPU, seconds are those of the process, which other
work on the machine does not change: they add up over threads, so that only --threads 1 gives times.
"""

import argparse
import importlib.util
import json
import multiprocessing
import resource
import time
from pathlib import Path
from typing import Any

from cyclesr.text_tables import markdown_table

# Sizes for a test of this script, and the same network in spandrel, with sizes for the test.
NETWORKS: dict[str, tuple[dict[str, Any], dict[str, Any] | None, dict[str, Any]]] = {
    "SRResNet": (dict(channels=8, num_blocks=1), None, {}),
    "EDSR": (dict(channels=8, num_blocks=1), None, {}),
    "VDSR": (dict(channels=8, num_blocks=1), None, {}),
    "RRDBNet": (
        dict(channels=8, num_blocks=1),
        dict(arch="ESRGAN", num_filters=64, num_blocks=23),
        dict(arch="ESRGAN", num_filters=8, num_blocks=1),
    ),
    "RCAN": (
        dict(channels=8, num_groups=1, num_blocks=1, reduction=4),
        dict(arch="RCAN"),
        dict(arch="RCAN", n_resgroups=1, n_resblocks=1, n_feats=8, reduction=4),
    ),
    "SRVGGNetCompact": (
        dict(channels=8, num_layers=1),
        dict(arch="Compact"),
        dict(arch="Compact", num_feat=8, num_conv=1),
    ),
}
WAYS = ("whole", "tiled", "bare tile", "spandrel")


def configs(network: str, small: bool) -> dict[str, dict[str, Any] | None]:
    """Returns the config of a network for each way to run it; None where there is none."""
    sizes, twin, small_twin = NETWORKS[network]
    own = dict(type=network, scale=4, **(sizes if small else {}))
    known = twin is not None and importlib.util.find_spec("spandrel") is not None
    theirs = dict(type="Spandrel", scale=4, **(small_twin if small else twin or {})) if known else None
    return dict.fromkeys(WAYS[:3], own) | {"spandrel": theirs}


def measure(way: str, config: dict[str, Any], args: argparse.Namespace) -> dict[str, float]:
    """Upscales a random image once at a small size to warm up, then in full size, and takes the fastest repeat."""
    import torch

    from cyclesr.inference.upscale import Upscaler
    from cyclesr.registry import SR_BACKBONES

    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tile = (args.tile or "auto") if way == "tiled" else None
    dtype = torch.bfloat16 if args.bf16 else None
    upscale = Upscaler(SR_BACKBONES.build(config), 4, device, tile, dtype=dtype)
    side = args.tile or (512 if device == "cuda" else 192)
    size = (side, side) if way == "bare tile" else (args.height, args.width)
    lr = torch.rand(3, *size)
    upscale(lr[:, :64, :64])
    before = _memory()
    took = min(_seconds(upscale, lr) for _ in range(args.repeats))
    pixels = 16 * lr.shape[1] * lr.shape[2] / 1e6
    return dict(seconds=took, megapixels_per_second=pixels / took, peak_mib=_memory() - before)


def _seconds(upscale: Any, lr: Any) -> float:
    clock = time.perf_counter if upscale.device.type == "cuda" else time.process_time
    start = clock()
    upscale(lr)  # the result is on the CPU, so that all is done
    return clock() - start


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
    parser.add_argument(
        "--networks", nargs="+", choices=tuple(NETWORKS), default=["SRResNet"], help="default: SRResNet"
    )
    parser.add_argument("--height", type=int, default=1080, help="height of the LR image (default: 1080)")
    parser.add_argument("--width", type=int, default=1920, help="width of the LR image (default: 1920)")
    parser.add_argument("--threads", type=int, default=1, help="number of torch threads (default: 1)")
    parser.add_argument("--repeats", type=int, default=1, help="number of timings of each (default: 1)")
    parser.add_argument(
        "--tile", type=int, help="side of a tile (default: auto; of the bare tile 192 or, on a GPU, 512)"
    )
    parser.add_argument("--bf16", action="store_true", help="compute in bfloat16")
    parser.add_argument("--small", action="store_true", help="use tiny networks, to test the script")
    args = parser.parse_args()
    results: dict[str, dict[str, Any]] = {}
    for network in args.networks:
        results[network] = found = {}
        for way, config in configs(network, args.small).items():
            if config is not None:
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    found[way] = pool.apply(measure, (way, config, args))
        speeds = {way: f["megapixels_per_second"] for way, f in found.items()}
        found["share_of_bare_tile"] = speeds["tiled"] / speeds["bare tile"]
    rows = [
        (f"{network}, {way}", f"{found[way]['megapixels_per_second']:.2f}", f"{found[way]['peak_mib']:.0f} MiB")
        for network, found in results.items()
        for way in WAYS
        if way in found
    ]
    print(markdown_table(("x4", "megapixels per second", "peak memory"), rows))
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
