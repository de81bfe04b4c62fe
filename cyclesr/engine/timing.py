"""How long a training step takes, measured before the training."""

import copy
import statistics
import time
from typing import Any

import torch
from mmengine.config import Config
from mmengine.device import get_device
from torch.utils.data import default_collate

from cyclesr.engine.measuring import Measured, hand_over
from cyclesr.models.stages import Stage
from cyclesr.optim.parts import PartOptimizersConstructor
from cyclesr.registry import DATASETS, MODELS

STEPS = 9


def seconds_per_iteration(config: Config, measured: Measured | None = None) -> float:
    """Returns the mean time of a training step over all stages of a training, measured on a few steps of each.

    Args:
        config: of the training; it is not changed.
        measured: for a translator that takes a measurement.
    """
    config = copy.deepcopy(config)
    total = config.train_cfg.max_iters
    hooks = [hook for hook in config.get("custom_hooks", []) if hook["type"] == "StageHook"]
    stages: list[dict[str, Any]] = hooks[0]["stages"] if hooks else [dict(name="joint")]
    ends = [0.0]
    for stage in stages:
        length = stage.get("fraction", stage["iters"] / total if "iters" in stage else 1 - ends[-1])
        ends.append(ends[-1] + length)
    return sum(
        (end - start) * seconds_per_step(config, Stage(stage["name"]), measured)
        for stage, start, end in zip(stages, ends, ends[1:], strict=False)
    )


def seconds_per_step(config: Config, stage: Stage, measured: Measured | None = None) -> float:
    """Returns the median time of a training step of a stage in seconds, including the loading of the batch."""
    model = MODELS.build(config.model).to(get_device()).train()
    hand_over(measured, model)
    parts = {name: part for name, part in config.optim_wrapper.items() if name != "constructor"}
    optimizers = PartOptimizersConstructor(parts)(model)
    dataset = DATASETS.build(config.train_dataloader.dataset)
    size, times = config.train_dataloader.batch_size, []
    model.stage = stage
    for step in range(STEPS):
        start = time.perf_counter()
        model.train_step(default_collate([dataset[step * size + i] for i in range(size)]), optimizers)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
