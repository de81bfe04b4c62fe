"""Measures start-up time, file look-ups and memory of data loader workers for folders of 1000 and 100 000 images.

    python benchmarks/large_folder.py --json large_folder.json

The images are tiny, and most are hard links, so that the folders differ only in the number of files. Each worker
counts its calls that read a file's status or list a folder, and reports the memory that no other process shares.
"""

import argparse
import json
import os
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import DataLoader, Dataset

from cyclesr.datasets.unpaired import UnpairedDataset
from cyclesr.engine.sampler import EndlessSampler
from cyclesr.images.writing import write_image
from cyclesr.text_tables import markdown_table

CROP, SCALE = 4, 4
LINKS = 1000  # names per file; file systems allow about 65 000


def make_folder(folder: Path, number: int, side: int) -> None:
    """Creates ``number`` PNG files, of which each 1000 are hard links to one file."""
    rng = np.random.default_rng(0)
    for i in range(number):
        path = folder / f"{i:06d}.png"
        if i % LINKS == 0:
            write_image(path, rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
            first = path
        else:
            path.hardlink_to(first)


@contextmanager
def counted_lookups() -> Iterator[Callable[[], int]]:
    """Counts the calls of this process that read a file's status or list a folder.

    Yields a function that returns the number of calls so far.
    """
    calls = [0]
    originals = {name: getattr(os, name) for name in ("stat", "lstat", "scandir", "listdir")}

    def counting(original: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            calls[0] += 1
            return original(*args, **kwargs)

        return call

    for name, original in originals.items():
        setattr(os, name, counting(original))
    try:
        yield lambda: calls[0]
    finally:
        for name, original in originals.items():
            setattr(os, name, original)


class Watched(Dataset[dict[str, float]]):
    """A dataset whose items report on the worker: its number of look-ups and its unshared memory in MiB."""

    def __init__(self, dataset: UnpairedDataset, lookups: Callable[[], int]) -> None:
        self.dataset, self.lookups, self.before = dataset, lookups, lookups()

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> dict[str, float]:
        started = self.lookups() - self.before
        self.dataset[index]
        return dict(lookups=started, lookups_after=self.lookups() - self.before, own_mib=own_memory())


def own_memory() -> float:
    """Returns the memory of this process that no other process shares, in MiB."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="utf-8").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def measure(root: Path, number: int, workers: int, items: int) -> dict[str, float]:
    """Starts a data loader on two folders of ``number`` images, and takes ``items`` items from each worker."""
    for kind, side in (("hr", CROP * SCALE), ("real", CROP)):
        make_folder(root / kind, number, side)
    start = time.perf_counter()
    dataset = UnpairedDataset(root / "hr", root / "real", CROP, SCALE, cache=root / "cache")
    listed = time.perf_counter() - start
    with counted_lookups() as lookups:
        watched = Watched(dataset, lookups)
        start = time.perf_counter()
        loader = DataLoader(
            watched, sampler=EndlessSampler(dataset), num_workers=workers, multiprocessing_context="fork"
        )
        reports = iter(loader)
        first = [next(reports) for _ in range(workers)]
        started = time.perf_counter() - start
        last = deque(islice(reports, workers * (items - 1)), maxlen=workers)
    return dict(
        seconds_to_list=listed,
        seconds_to_first_items=started,
        lookups_before_first_item=max(float(report["lookups"]) for report in first),
        lookups_per_item=max(float(report["lookups_after"]) for report in last) / items,
        own_mib_at_start=max(float(report["own_mib"]) for report in first),
        own_mib_at_end=max(float(report["own_mib"]) for report in last),
    )


def main() -> None:
    """Runs the benchmark, prints a table and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--images", type=int, default=100_000, help="images per large folder (default: 100000)")
    parser.add_argument("--workers", type=int, default=2, help="workers of the data loader (default: 2)")
    parser.add_argument("--items", type=int, default=2000, help="items per worker (default: 2000)")
    args = parser.parse_args()
    results: dict[str, Any] = {}
    for name, number in (("small", min(1000, args.images)), ("large", args.images)):
        with tempfile.TemporaryDirectory() as root:
            results[name] = dict(images=number, **measure(Path(root), number, args.workers, args.items))
    large, small = results["large"], results["small"]
    results["own_mib_more"] = large["own_mib_at_end"] - small["own_mib_at_end"]
    rows = [(key.replace("_", " "), f"{small[key]:.3g}", f"{large[key]:.3g}") for key in list(small)[1:]]
    print(markdown_table(("images in a folder", str(small["images"]), str(large["images"])), rows))
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
