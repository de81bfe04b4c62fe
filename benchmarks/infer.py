"""Measures speed and memory of tiled super-resolution for several networks, against plain forward passes.

    python benchmarks/infer.py --networks SRResNet EDSR RRDBNet --json infer.json
    python benchmarks/infer.py --device cuda --bf16 --height 1080 --width 1920

For each network: the bare network on one tile with its surroundings, which is the most that tiles can reach; the whole
image in one forward pass; tiles one by one; tiles in batches; and, where the package spandrel has the same network, a
forward pass of its implementation on the whole image. Each runs in a separate process. The memory is the increase of
the peak memory, of the GPU with --device cuda. Megapixels are those of the output. On a CPU, seconds are those of the
process, which other work on the machine does not change: they add up over threads, so that only --threads 1 gives
times.

The last column is the speed as a share of that of the bare network. Tiles see pixels beyond their own, which costs
time: "computed" is the number of pixels that the network sees for each pixel of the image, so that 1 / computed is the
share that is left if nothing else takes time.
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
WAYS = ("bare tile", "whole", "tiled", "batched", "spandrel")
DEFAULT = ("EDSR", "SRResNet", "RRDBNet", "SRVGGNetCompact")
OVERLAP = 32  # LR pixels, as by default


def configs(network: str, small: bool) -> dict[str, dict[str, Any] | None]:
    """Returns the config of a network for each way to run it; None where there is none."""
    sizes, twin, small_twin = NETWORKS[network]
    own = dict(type=network, scale=4, **(sizes if small else {}))
    known = twin is not None and importlib.util.find_spec("spandrel") is not None
    theirs = dict(type="Spandrel", scale=4, **(small_twin if small else twin or {})) if known else None
    return dict.fromkeys(WAYS[:-1], own) | {"spandrel": theirs}


def measure(way: str, config: dict[str, Any], args: argparse.Namespace) -> dict[str, float]:
    """Upscales a random image in full size, once to warm up, and takes the fastest repeat."""
    import torch

    from cyclesr.inference.upscale import Upscaler
    from cyclesr.registry import SR_BACKBONES

    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    tile = args.tile or Upscaler(torch.nn.Identity(), 4, args.device).tile_for(args.height, args.width)
    upscale = Upscaler(
        SR_BACKBONES.build(config),
        4,
        args.device,
        tile if (tiled := way in ("tiled", "batched")) else None,
        OVERLAP,
        torch.bfloat16 if args.bf16 else None,
        batch=args.batch if way == "batched" else 1,
    )
    height, width = (tile + 2 * OVERLAP,) * 2 if way == "bare tile" else (args.height, args.width)
    lr = torch.rand(3, height, width)
    upscale(lr[:, :16, :16])
    before = _memory(args.device)
    upscale(lr)
    took = min(_seconds(upscale, lr) for _ in range(args.repeats))
    speed = 16 * height * width / 1e6 / took
    seen = _computed(height, width, tile) if tiled else 1.0
    return dict(seconds=took, megapixels_per_second=speed, peak_mib=_memory(args.device) - before, computed=seen)


def _computed(height: int, width: int, tile: int) -> float:
    """Returns the number of pixels that the network sees for each pixel of the image."""
    from cyclesr.inference.tiles import spans

    rows, columns = ([span.last - span.first for span in spans(side, tile, OVERLAP)] for side in (height, width))
    return sum(rows) * sum(columns) / (height * width)


def _seconds(upscale: Any, lr: Any) -> float:
    clock = time.perf_counter if upscale.device.type == "cuda" else time.process_time
    start = clock()
    upscale(lr)  # the result is on the CPU, so that all is done
    return clock() - start


def _memory(device: str) -> float:
    """Returns the peak memory in MiB."""
    import torch

    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated(device) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10  # KiB on Linux


def shares(found: dict[str, dict[str, float]]) -> dict[str, float]:
    """Returns the speed of each way as a share of that of the bare network."""
    bare = found["bare tile"]["megapixels_per_second"]
    return {way: measured["megapixels_per_second"] / bare for way, measured in found.items()}


def main() -> None:
    """Runs the benchmark, prints a table and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument(
        "--networks", nargs="+", choices=tuple(NETWORKS), default=DEFAULT, help=f"default: {' '.join(DEFAULT)}"
    )
    parser.add_argument("--height", type=int, default=1080, help="height of the LR image (default: 1080)")
    parser.add_argument("--width", type=int, default=1920, help="width of the LR image (default: 1920)")
    parser.add_argument("--threads", type=int, default=1, help="number of torch threads (default: 1)")
    parser.add_argument("--repeats", type=int, default=1, help="number of timings of each (default: 1)")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:<number> (default: cpu)")
    parser.add_argument("--tile", type=int, help="side of a tile (default: auto)")
    parser.add_argument("--batch", type=int, default=4, help="number of tiles in a batch (default: 4)")
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
        for way, share in shares(found).items():
            found[way]["share"] = share
    rows = [
        (
            f"{network}, {way}",
            f"{one['megapixels_per_second']:.2f}",
            f"{one['peak_mib']:.0f} MiB",
            f"{one['computed']:.2f}",
            f"{one['share']:.0%}",
        )
        for network, found in results.items()
        for way, one in found.items()
    ]
    print(markdown_table(("x4", "megapixels per second", "peak memory", "computed", "share of the bare tile"), rows))
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
