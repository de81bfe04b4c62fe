"""Measures crops per second: random crops from the cache of decoded images, and decoding of PNG sub-images.

    python benchmarks/dataloader.py --json dataloader.json

The reference does what the released code and most trainings do: photographs are cut into sub-images beforehand, and
each crop decodes a PNG file of 480x480 and one of 120x120 and converts them to floats. Ours crops whole photographs in
the cache and returns the values as stored; the training converts them to floats on its device. ``ratio`` compares what
the loaders return. ``ratio_floats`` includes the conversion to floats on this CPU. ``ratio_turned`` includes flips and
quarter turns, which the reference does not do. The first pass, which fills the cache, is timed separately. All
variants run in one process and by turns, on batches as in training. With ``--workers N``, the crops per second that N
worker processes deliver, flipped and turned, are measured afterwards.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, default_collate

from cyclesr.datasets.crops import collate_crops
from cyclesr.datasets.unpaired import UnpairedDataset
from cyclesr.engine.prefetch import on_device
from cyclesr.engine.sampler import EndlessSampler
from cyclesr.images.listing import list_images
from cyclesr.images.reading import read_image
from cyclesr.images.tensors import to_tensor
from cyclesr.images.writing import write_image
from cyclesr.text_tables import markdown_table

TITLES = {
    "ours": "from the cache, as stored",
    "ours_turned": "from the cache, as stored, flipped and turned",
    "ours_floats": "from the cache, as floats",
    "reference": "decoding PNG sub-images",
}


def photograph(height: int, width: int, seed: int) -> np.ndarray:
    """Returns a smooth image with fine noise, (H, W, 3) uint8, whose PNG file is about as large as a photograph's."""
    rng = np.random.default_rng(seed)
    smooth = cv2.resize(rng.random((12, 16, 3)) * 255, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(smooth + rng.normal(0, 4, smooth.shape), 0, 255).astype(np.uint8)


def make_folders(root: Path, number: int, height: int, width: int, crop: int) -> None:
    """Writes photographs to ``hr`` and ``real``, and their sub-images to ``hr_sub`` and ``real_sub``."""
    for i in range(number):
        hr, real = photograph(height, width, i), photograph(height // 4, width // 4, i + number)
        for name, image, side in (("hr", hr, 4 * crop), ("real", real, crop)):
            write_image(root / name / f"{i:04d}.png", image)
            for top in range(0, image.shape[0] - side + 1, side):
                part = np.ascontiguousarray(image[top : top + side, :side])
                write_image(root / f"{name}_sub" / f"{i:04d}_{top}.png", part)


def seconds_per_crop(ways: dict[str, Callable[[range], Any]], batch: int, wanted: float) -> dict[str, float]:
    """Returns the median time per crop of each function that makes a batch.

    Args:
        ways: functions of the indices of a batch. They run by turns.
        batch: number of crops per batch.
        wanted: seconds to time each function for, on average.
    """
    times: dict[str, list[float]] = {name: [] for name in ways}
    done = 0
    while sum(map(sum, times.values())) < wanted * len(ways):
        for name, way in ways.items():
            start = time.perf_counter()
            way(range(done, done + batch))
            times[name].append(time.perf_counter() - start)
        done += batch
    return {name: statistics.median(values) / batch for name, values in times.items()}


def delivered(dataset: UnpairedDataset, args: argparse.Namespace) -> float:
    """Returns the crops per second that worker processes deliver, from their third batch each on."""
    loader = DataLoader(
        dataset,
        args.batch,
        sampler=EndlessSampler(dataset),
        num_workers=args.workers,
        collate_fn=collate_crops,
        pin_memory=torch.cuda.is_available(),
    )
    batches = iter(loader)
    for _ in range(2 * args.workers):
        next(batches)
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < args.seconds:
        next(batches)
        done += args.batch
    return done / (time.perf_counter() - start)


def measure(root: Path, args: argparse.Namespace) -> dict[str, float]:
    """Times all variants on the same photographs."""
    make_folders(root, args.images, args.height, args.width, args.crop)
    hr, real = list_images(root / "hr_sub"), list_images(root / "real_sub")
    straight, turned = (
        UnpairedDataset(root / "hr", root / "real", args.crop, 4, augment=augment, cache=root / "cache")
        for augment in (False, True)
    )
    straight.as_stored = turned.as_stored = True

    def decoded(index: int) -> dict[str, Any]:
        return {key: to_tensor(read_image(p[index % len(p)])) for key, p in (("hr", hr), ("real", real))}

    def stored(dataset: UnpairedDataset, indices: range) -> dict[str, Any]:
        return collate_crops(dataset.__getitems__(list(indices)))

    start = time.perf_counter()
    for path in [*straight.hr_paths, *straight.real_paths]:
        straight._cache.open(path)
    filled = time.perf_counter() - start
    ways: dict[str, Callable[[range], Any]] = dict(
        ours=lambda indices: stored(straight, indices),
        ours_turned=lambda indices: stored(turned, indices),
        ours_floats=lambda indices: on_device(stored(straight, indices), torch.device("cpu")),
        reference=lambda indices: default_collate([decoded(i) for i in indices]),
    )
    took = seconds_per_crop(ways, args.batch, args.seconds)
    workers = {"workers": delivered(turned, args)} if args.workers else {}
    return dict(
        ratio=took["reference"] / took["ours"],
        ratio_turned=took["reference"] / took["ours_turned"],
        ratio_floats=took["reference"] / took["ours_floats"],
        **{name: 1 / seconds for name, seconds in took.items()},
        seconds_to_fill=filled,
        **workers,
    )


def main() -> None:
    """Runs the benchmark, prints a table and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--images", type=int, default=20, help="number of photographs of each kind (default: 20)")
    parser.add_argument("--height", type=int, default=1440, help="height of the HR photographs (default: 1440)")
    parser.add_argument("--width", type=int, default=2040, help="width of the HR photographs (default: 2040)")
    parser.add_argument("--crop", type=int, default=120, help="side of an LR crop (default: 120, HR 480)")
    parser.add_argument("--batch", type=int, default=16, help="crops per batch (default: 16)")
    parser.add_argument("--seconds", type=float, default=5.0, help="time per variant in seconds (default: 5)")
    parser.add_argument("--workers", type=int, default=0, help="worker processes to measure (default: 0, none)")
    parser.add_argument("--step-seconds", type=float, help="time of a training step with this batch, for comparison")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        results = measure(Path(root), args)
    if args.step_seconds:
        results["share_of_step"] = args.batch / results["ours"] / args.step_seconds
    titles = TITLES | ({"workers": f"the same, from {args.workers} worker processes"} if args.workers else {})
    rows = [(t, f"{results[n]:.0f}", f"{results[n] / results['reference']:.1f}") for n, t in titles.items()]
    print(markdown_table((f"HR {4 * args.crop}, LR {args.crop}", "crops per second", "times faster"), rows))
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
