"""Measures how many images per second a training takes, for batches and crops of several sizes.

    python benchmarks/batch_sizes.py own_images/network_gpu --device cuda --batches 8 16 32 64 --crops 32 64 96
    python benchmarks/batch_sizes.py own_images/camera_gpu --real DIR --device cuda --graphs

A config of cyclesr is trained on random images that are on the device already, in the stage that trains all networks.
How fast images are loaded is measured by dataloader.py. A row of the table is a batch, a column the side of its LR
crops; a cell holds images per second and, on a GPU, the peak memory. It says "memory" where that does not suffice. The
table chooses nothing: an image of a larger crop teaches more, and a larger batch takes fewer steps per image.

On a CPU, seconds are those of the process, which other work on the machine does not change: they add up over threads,
so that only --threads 1 gives times.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor

from cyclesr.config import load_config
from cyclesr.degradations.camera import measure_files
from cyclesr.engine.graphs import WARM_UP, StepGraphs
from cyclesr.engine.loop import train_step
from cyclesr.engine.measuring import Measured, evenly_spread, fill_translator, hand_over, takes_measurement
from cyclesr.errors import UserError
from cyclesr.images.listing import list_images
from cyclesr.optim.parts import PartOptimizersConstructor
from cyclesr.registry import MODELS
from cyclesr.text_tables import markdown_table

GIB = 2**30
MOST_MEASURED = 16  # images; the speed does not depend on them


def measured_config(args: argparse.Namespace) -> tuple[Config, Measured | None]:
    """Returns the config and, if it measures the camera of the user's images, the measurement."""
    config = load_config(args.config, {"model.sr.channels": 4, "model.sr.num_blocks": 1} if args.small else None)
    if not takes_measurement(config):
        return config, None
    if args.real is None:
        raise UserError(f"{args.config} measures a camera: give --real, a folder of its images.")
    paths = list(evenly_spread(list_images(args.real), MOST_MEASURED))
    measured = Measured(measure_files(paths), paths)
    fill_translator(config, measured.camera)
    return config, measured


def random_batch(config: Config, size: int, crop: int, device: torch.device) -> dict[str, Tensor]:
    """Returns what a step takes: ``hr``, with the margin of the config's data, and ``real`` (size, 3, crop, crop)."""
    margin, scale = config.train_dataloader.dataset.get("margin", 0), config.get("scale") or config.model.sr.scale
    sides = dict(hr=(crop + 2 * margin) * scale, real=crop)
    return {name: torch.rand(size, 3, side, side, device=device) for name, side in sides.items()}


def stepper(config: Config, measured: Measured | None, batch: dict[str, Tensor], graphs: bool) -> Callable[[], Any]:
    """Returns a function that trains a new model by one step on the batch."""
    model = MODELS.build(config.model).to(batch["hr"].device).train()
    hand_over(measured, model)
    parts = {name: part for name, part in config.optim_wrapper.items() if name != "constructor"}
    optimizers = PartOptimizersConstructor(parts)(model)
    take = StepGraphs(train_step) if graphs else train_step
    return lambda: take(model, batch, optimizers)


def seconds_per_step(step: Callable[[], Any], device: torch.device, seconds: float) -> float:
    """Returns the median time of a step, of at least three and as many as take about so many seconds."""
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    for _ in range(WARM_UP + 1):
        step()
    times: list[float] = []
    while len(times) < 3 or sum(times) < seconds:
        _wait(device)
        start = clock()
        step()
        _wait(device)
        times.append(clock() - start)
    return statistics.median(times)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def measure(
    config: Config, measured: Measured | None, size: int, crop: int, device: torch.device, args: argparse.Namespace
) -> dict[str, Any]:
    """Measures one batch size and crop. Without enough memory, ``images_per_second`` is None."""
    found: dict[str, Any] = dict(batch=size, crop=crop, images_per_second=None, peak_gib=None)
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
    try:
        step = stepper(config, measured, random_batch(config, size, crop, device), args.graphs)
        found["images_per_second"] = size / seconds_per_step(step, device, args.seconds)
    except (MemoryError, torch.OutOfMemoryError):
        return found
    if device.type == "cuda":
        found["peak_gib"] = torch.cuda.max_memory_allocated(device) / GIB
    return found


def cell(found: dict[str, Any]) -> str:
    """Returns the text of a cell."""
    if found["images_per_second"] is None:
        return "memory"
    memory = "" if found["peak_gib"] is None else f", {found['peak_gib']:.1f} GiB"
    return f"{found['images_per_second']:.3g}{memory}"


def main() -> None:
    """Runs the benchmark, prints the table and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("config", nargs="?", default="own_images/network", help="default: own_images/network")
    parser.add_argument("--real", type=Path, help="folder of images, for configs that measure their camera")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="default: GPU if any")
    parser.add_argument("--batches", type=int, nargs="+", default=[4, 8, 16], help="default: 4 8 16")
    parser.add_argument("--crops", type=int, nargs="+", default=[24, 32, 48], help="LR pixels (default: 24 32 48)")
    parser.add_argument("--seconds", type=float, default=3.0, help="of training for each cell (default: 3)")
    parser.add_argument("--threads", type=int, default=1, help="number of torch threads (default: 1)")
    parser.add_argument("--graphs", action="store_true", help="record the step as a CUDA graph")
    parser.add_argument("--small", action="store_true", help="use a tiny SR network, to test the script")
    parser.add_argument("--json", type=Path, help="file for the results")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    device = torch.device(args.device)
    config, measured = measured_config(args)
    rows, results = [], []
    for size in args.batches:
        cells = [measure(config, measured, size, crop, device, args) for crop in args.crops]
        results += cells
        rows.append((f"{size}", *map(cell, cells)))
    titles = ("batch", *(f"crops of {crop}" for crop in args.crops))
    print(markdown_table(titles, rows))
    if args.json:
        where = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
        settings = dict(config=args.config, device=where, graphs=args.graphs, torch=torch.__version__)
        args.json.write_text(json.dumps({**settings, "cells": results}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
