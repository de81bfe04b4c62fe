"""What ranks do together, and state that differs between them: random generators, image pools, batch statistics."""

import random
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import torch
from mmengine.dist import all_reduce_params, broadcast_object_list, is_main_process
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from cyclesr.errors import UserError

Result = TypeVar("Result")


def on_rank_0(work: Callable[[], Result]) -> Result:
    """Runs a function on rank 0 and returns its result on every rank. All ranks must call it.

    Raises:
        UserError: the function raised one; every rank raises it.
    """
    outcome: list[Any] = [None, ""]
    if is_main_process():
        try:
            outcome[0] = work()
        except UserError as error:
            outcome[1] = str(error)
    broadcast_object_list(outcome)
    if outcome[1]:
        raise UserError(outcome[1])
    found: Result = outcome[0]
    return found


def batch_statistics(model: nn.Module) -> list[torch.Tensor]:
    """Returns the running means and variances of all BatchNorm layers."""
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm) and m.track_running_stats]
    return [buffer for norm in norms for buffer in norm.buffers() if buffer.is_floating_point()]


def average_batch_statistics(model: nn.Module) -> None:
    """Sets the BatchNorm statistics of every rank to their mean over the ranks. All ranks must call it.

    The statistics of each rank come from its own images. Training does not use them; validation and checkpoints do.
    """
    if statistics := batch_statistics(model):
        all_reduce_params(statistics, op="mean")


def own_buffers(model: nn.Module) -> dict[str, torch.Tensor]:
    """Returns copies of all buffers, including image pools, on the CPU."""
    return {name: buffer.detach().cpu().clone() for name, buffer in model.named_buffers()}


def set_own_buffers(model: nn.Module, buffers: dict[str, torch.Tensor]) -> None:
    """Sets the buffers to those of :func:`own_buffers`. An image pool takes the size of the stored one."""
    for name, present in model.named_buffers():
        owner, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(owner), leaf, buffers[name].to(present.device, copy=True))


def random_state() -> dict[str, Any]:
    """Returns the states of Python's, numpy's and torch's random generators as tensors and plain numbers."""
    kind, keys, *rest = np.random.get_state(legacy=True)
    version, python, gauss = random.getstate()
    state = dict(
        python=[version, list(python), gauss],
        numpy=[kind, torch.from_numpy(np.asarray(keys, np.int64)), *rest],
        torch=torch.get_rng_state(),
    )
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def set_random_state(state: dict[str, Any]) -> None:
    """Restores the states of :func:`random_state`."""
    version, python, gauss = state["python"]
    random.setstate((version, tuple(python), gauss))
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, keys.cpu().numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"].cpu())
    if torch.cuda.is_available() and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"].cpu())
