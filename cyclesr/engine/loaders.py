"""Settings of data loaders that depend on the machine: workers, and the shared memory that they use."""

import logging
import os
import shutil
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

from cyclesr.config import DATALOADERS

SHARED_MEMORY = Path("/dev/shm")
_OF_WORKERS = ("persistent_workers", "prefetch_factor")  # torch refuses these without workers
_PREFETCH = 2  # batches that torch's loader keeps ready per worker, unless prefetch_factor says otherwise
_RESERVE = 4 * 2**20  # bytes that are left to others


def fit_loaders(config: Config) -> None:
    """Adapts the data loaders of a config to the machine, in place.

    Batches are collated without a copy. A loader without workers loses the settings that torch accepts only with
    workers. If the batches that wait would not fit into the shared memory, as in a container with Docker's 64 MB, a
    training uses fewer workers, and a warning says so; its result does not depend on their number.
    """
    for name in DATALOADERS:
        if loader := config.get(name):
            loader.setdefault("collate_fn", dict(type="collate_crops"))  # mmengine's default returns lists
    if loader := config.get("train_dataloader"):
        _fit_workers(loader)
    for name in DATALOADERS:
        loader = config.get(name) or {}
        for key in _OF_WORKERS if not loader.get("num_workers") else ():
            loader.pop(key, None)


def _fit_workers(loader: Any) -> None:
    wanted, free = loader.get("num_workers", 0), _free_shared_memory()
    if not isinstance(wanted, int) or not wanted or free is None:  # torch says what is wrong with another kind
        return
    waiting = _batch_bytes(loader) * ((loader.get("prefetch_factor") or _PREFETCH) + 1)
    fitting = max(0, free - _RESERVE) // max(waiting, 1)
    if fitting < wanted:
        loader["num_workers"] = fitting
        print_log(
            f"The shared memory {SHARED_MEMORY} has {free / 2**20:.0f} MB free, but {wanted} data loader workers need "
            f"{(wanted * waiting + _RESERVE) / 2**20:.0f} MB: using {fitting}. For more, make it larger: "
            "docker run --shm-size=2g",
            logger="current",
            level=logging.WARNING,
        )


def _free_shared_memory() -> int | None:
    """Returns the free bytes of the shared memory for each rank on this machine; None where there is none to fill."""
    if not SHARED_MEMORY.is_dir():
        return None
    return shutil.disk_usage(SHARED_MEMORY).free // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def _batch_bytes(loader: Any) -> int:
    """Returns the size of a batch of crops with 8 bits, with an allowance; 0 if the data set has no crops."""
    data = loader["dataset"]
    crop, scale = data.get("crop"), data.get("scale", 1)
    if not crop:
        return 0
    pixels = crop**2 + ((crop + 2 * data.get("margin", 0)) * scale) ** 2
    return int(1.1 * 3 * pixels * loader.get("batch_size", 1))
