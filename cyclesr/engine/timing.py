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
from cyclesr.registry import DATASETS, LOSSES, MODELS

STEPS = 9


def seconds_per_iteration(config: Config, measured: Measured | None = None) -> float:
    """Returns the mean time of a training step over all stages of a training, measured on a few steps of each.

    Args:
        config: of the training; it is not changed.
        measured: for a translator that takes a measurement.
    """
    config = copy.deepcopy(config)
    return sum(share * seconds_per_step(config, stage, measured, warm_up) for stage, share, warm_up in _pieces(config))


def _pieces(config: Config) -> list[tuple[Stage, float, dict[str, Any] | None]]:
    """Returns the stages of a training, cut at the end of the warm-up: each with its share and its warm-up loss."""
    total = config.train_cfg.max_iters
    hooks = {hook["type"]: hook for hook in config.get("custom_hooks", [])}
    stages: list[dict[str, Any]] = hooks.get("StageHook", {}).get("stages") or [dict(name="joint")]
    warm_up = hooks.get("WarmUpHook", {})
    warm_until = _share(warm_up, total) if warm_up else 0.0
    pieces, start = [], 0.0
    for stage in stages:
        end = start + _share(stage, total) if {"fraction", "iters"} & stage.keys() else 1.0
        warm = min(max(warm_until - start, 0.0), end - start)
        parts = ((warm, warm_up.get("loss")), (end - start - warm, None))
        pieces += [(Stage(stage["name"]), share, loss) for share, loss in parts if share > 0]
        start = end
    return pieces


def _share(length: dict[str, Any], total: int) -> float:
    return float(length["fraction"]) if length.get("fraction") is not None else float(length["iters"]) / total


def seconds_per_step(
    config: Config, stage: Stage, measured: Measured | None = None, warm_up: dict[str, Any] | None = None
) -> float:
    """Returns the median time of a training step of a stage in seconds, including the loading of the batch.

    Args:
        config: of the training.
        stage: what the step updates.
        measured: for a translator that takes a measurement.
        warm_up: config of the loss of a warm-up, see :class:`~cyclesr.engine.hooks.WarmUpHook`; None for none.
    """
    model = MODELS.build(config.model).to(get_device()).train()
    hand_over(measured, model)
    parts = {name: part for name, part in config.optim_wrapper.items() if name != "constructor"}
    optimizers = PartOptimizersConstructor(parts)(model)
    dataset = DATASETS.build(config.train_dataloader.dataset)
    size, times = config.train_dataloader.batch_size, []
    model.stage = stage
    model.warm_up_loss = None if warm_up is None else LOSSES.build(warm_up)
    for step in range(STEPS):
        start = time.perf_counter()
        model.train_step(default_collate([dataset[step * size + i] for i in range(size)]), optimizers)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
