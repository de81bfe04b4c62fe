"""Training steps as CUDA graphs: the kernels of a step are recorded once, then launched together in each iteration."""

import logging
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_world_size
from mmengine.logging import print_log
from torch import Tensor

from cyclesr.models.sr_model import SRModel
from cyclesr.optim.parts import PartOptimizers

Outputs = dict[str, Any]
Step = Callable[[SRModel, dict[str, Any], PartOptimizers], Outputs]
Recorder = Callable[[Callable[[], Outputs]], Callable[[], Outputs]]

WARM_UP = 3  # steps without a graph before one is recorded, so that optimizers have their state and kernels are chosen
LAUNCHED = ("Adam", "AdamW")  # optimizers whose fused kernels decide on the device whether to step


class StepGraphs:
    """Takes training steps through graphs where that is exact, else as they are.

    A graph holds the step of one stage, on batches of one shape. Batches are copied into its inputs, and learning rates
    into scalars on the device, in float32. When a stage, a shape or another setting of an optimizer changes, the next
    steps run without a graph, and a new one is recorded. The first steps of each are ordinary training steps, so that
    every batch is trained on once.

    A step that draws random numbers on the CPU, as image pools do, or replaces buffers, cannot be replayed: a graph
    would repeat what was drawn once. Such steps are recognised while they warm up.

    Args:
        step: takes a step, see :func:`~cyclesr.engine.loop.train_step`.
        record: records what a function does on the device, without doing it, and returns a function that does it.
    """

    def __init__(self, step: Step, record: Recorder | None = None) -> None:
        self._step, self._record = step, record or cuda_graph
        self._key: tuple[Any, ...] = ()
        self._steps_of_key = 0
        self._graph: _Graph | None = None
        self._why_not: str | None = None
        self._checked = record is not None

    def __call__(self, model: SRModel, batch: dict[str, Any], optimizers: PartOptimizers) -> Outputs:
        """Takes one step; arguments and result as those of ``step``."""
        if not self._checked:
            self._refuse(obstacle(model, optimizers, next(model.parameters()).device))
            self._checked = True
        if self._why_not:
            return self._step(model, batch, optimizers)
        key = _key(model, batch, optimizers)
        if key != self._key:
            self._key, self._steps_of_key, self._graph = key, 0, None
        self._steps_of_key += 1
        if self._steps_of_key <= WARM_UP:
            return self._watched(model, batch, optimizers)
        if self._graph is None and not self._recorded(model, batch, optimizers):
            return self._step(model, batch, optimizers)
        assert self._graph is not None
        return self._graph.replay(batch, optimizers)

    def _watched(self, model: SRModel, batch: dict[str, Any], optimizers: PartOptimizers) -> Outputs:
        drawn, buffers = _random_numbers(), _addresses(model)
        outputs = self._step(model, batch, optimizers)
        if drawn != _random_numbers():
            self._refuse("the step draws random numbers on the CPU, as image pools do (pool_size=0 has none)")
        elif buffers != _addresses(model):
            self._refuse("the step replaces buffers of the model")
        return outputs

    def _recorded(self, model: SRModel, batch: dict[str, Any], optimizers: PartOptimizers) -> bool:
        try:
            self._graph = _Graph(self._step, self._record, model, batch, optimizers)
        except RuntimeError as error:
            optimizers.zero_grad()
            optimizers.take_report()
            self._refuse(str(error).partition("\n")[0])
        return self._graph is not None

    def _refuse(self, why_not: str | None) -> None:
        self._why_not = why_not
        if why_not:
            text = f"train_cfg.graphs is set, but steps run without CUDA graphs: {why_not}."
            print_log(text, logger="current", level=logging.WARNING)


class _Graph:
    """A recorded step, with its inputs and outputs on the device."""

    def __init__(
        self, step: Step, record: Recorder, model: SRModel, batch: dict[str, Any], optimizers: PartOptimizers
    ) -> None:
        self._inputs = {name: value.clone() if isinstance(value, Tensor) else value for name, value in batch.items()}
        device = next(model.parameters()).device
        self._rates = [torch.tensor(float(group["lr"]), device=device) for group in _groups(optimizers)]
        with _rates_on_device(optimizers, self._rates):
            self._launch = record(lambda: step(model, self._inputs, optimizers))

    def replay(self, batch: dict[str, Any], optimizers: PartOptimizers) -> Outputs:
        for name, value in batch.items():
            if isinstance(value, Tensor):
                self._inputs[name].copy_(value, non_blocking=True)
        for rate, group in zip(self._rates, _groups(optimizers), strict=True):
            rate.fill_(float(group["lr"]))
        with _rates_on_device(optimizers, self._rates):
            outputs = self._launch()
        return {name: value.clone() if isinstance(value, Tensor) else value for name, value in outputs.items()}


def cuda_graph(step: Callable[[], Outputs]) -> Callable[[], Outputs]:
    """Records a CUDA graph of a step, without taking it, and returns a function that takes it.

    Other threads, such as the one that pins memory, may use the GPU meanwhile.
    """
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        outputs = step()

    def replay() -> Outputs:
        graph.replay()
        return outputs

    return replay


def obstacle(model: SRModel, optimizers: PartOptimizers, device: torch.device) -> str | None:
    """Returns why the steps of a training cannot be graphs, or None."""
    kinds = {type(wrapper.optimizer).__name__ for wrapper in optimizers.optim_wrappers.values()}
    if device.type != "cuda":
        return f"the model is on {device}, not on a GPU"
    if get_world_size() > 1:
        return "gradients are averaged over several processes"
    if optimizers.amp == "fp16":
        return "the loss of fp16 is scaled (amp='bf16' has no scale)"
    if others := kinds - set(LAUNCHED):
        return f"the optimizer {min(others)} is none of {', '.join(LAUNCHED)}"
    if not all(group.get("fused") for group in _groups(optimizers)):
        return "an optimizer is not fused"
    return None


def _key(model: SRModel, batch: dict[str, Any], optimizers: PartOptimizers) -> tuple[Any, ...]:
    """Returns all that a graph holds as constants, and that a training may change."""
    shapes = [(name, v.shape, v.dtype) if isinstance(v, Tensor) else (name, v) for name, v in batch.items()]
    settings = [
        {name: value for name, value in group.items() if name not in ("params", "lr", "initial_lr")}
        for group in _groups(optimizers)
    ]
    states = [id(wrapper.optimizer.state) for wrapper in optimizers.optim_wrappers.values()]  # another one was loaded
    phase = getattr(model, "stage", None), id(model.warm_up_loss), model.training
    return *phase, optimizers.accumulate, str(shapes), str(settings), str(states)


def _groups(optimizers: PartOptimizers) -> list[dict[str, Any]]:
    return [group for wrapper in optimizers.optim_wrappers.values() for group in wrapper.optimizer.param_groups]


@contextmanager
def _rates_on_device(optimizers: PartOptimizers, rates: list[Tensor]) -> Iterator[None]:
    """Gives the optimizers learning rates that a graph reads from the device."""
    groups = _groups(optimizers)
    before = [{name: group[name] for name in ("lr", "capturable")} for group in groups]
    for group, rate in zip(groups, rates, strict=True):
        group.update(lr=rate, capturable=rate.is_cuda)
    try:
        yield
    finally:
        for group, settings in zip(groups, before, strict=True):
            group.update(settings)


def _random_numbers() -> tuple[Any, ...]:
    """Returns the states of the CPU's random generators, as values that can be compared."""
    return torch.get_rng_state().numpy().tobytes(), str(np.random.get_state()), random.getstate()


def _addresses(model: SRModel) -> list[int]:
    return [buffer.data_ptr() for buffer in model.buffers()]
