"""A training step over micro-batches that equals the step over the whole batch, in less memory."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from torch import Tensor

from cyclesr.errors import UserError
from cyclesr.models.sr_model import SRModel
from cyclesr.optim.parts import PartOptimizers


def train_step(model: SRModel, batch: dict[str, Any], optimizers: PartOptimizers) -> dict[str, Tensor]:
    """One step of a model over ``optimizers.accumulate`` micro-batches.

    Every phase sees the weights from before the step in all micro-batches; so the gradients add up to those of the
    whole batch, for losses that are means over images and networks without batch statistics.

    Returns:
        The losses of the whole batch, and what :meth:`PartOptimizers.take_report` says.

    Raises:
        UserError: more micro-batches than images.
    """
    size = len(next(iter(batch.values())))
    losses: dict[str, Tensor] = {}
    for micro, stop in _cut(batch, size, optimizers.accumulate):
        share = len(next(iter(micro.values()))) / size
        with optimizers.micro_batch(share, completes=stop == size):
            for name, loss in model.train_step(micro, optim_wrapper=optimizers).items():
                losses[name] = losses[name] + share * loss if name in losses else share * loss
    return losses | optimizers.take_report()


def _cut(batch: dict[str, Any], size: int, count: int) -> Iterator[tuple[dict[str, Any], int]]:
    if not 1 <= count <= size:
        raise UserError(
            f"optim_wrapper.accumulate={count} needs 1 to {size} micro-batches for a batch of {size} images."
        )
    for start, stop in pairwise(size * i // count for i in range(count + 1)):
        yield {name: values[start:stop] for name, values in batch.items()}, stop
