"""Handling of training steps that are skipped because a loss or a gradient is not finite."""

from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_gather_object
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from cyclesr.engine.ranks import batch_statistics, on_rank_0
from cyclesr.engine.saved import iteration_of, newest_checkpoint, set_aside
from cyclesr.errors import UserError
from cyclesr.registry import HOOKS

FACTOR = 0.1  # of the learning rates, in the advice


@HOOKS.register_module()
class NonFiniteHook(Hook):
    """Logs the images of skipped steps, counts the steps, and stops a training that skips too many in a row.

    On a GPU it checks only every ``interval`` iterations, because a check waits for the device. Skipped steps do not
    change the weights meanwhile. At the start of a training in fp16 some steps are skipped until the loss scale is
    found.

    Args:
        patience: number of skipped steps in a row that ends the training.
        interval: number of iterations between checks on a GPU.

    Raises:
        UserError: ``patience`` steps in a row were skipped.
    """

    def __init__(self, patience: int = 20, interval: int = 20) -> None:
        self.patience, self.interval = patience, interval
        self._in_a_row = 0
        self._waiting: list[tuple[int, Tensor, list[str]]] = []
        self._statistics: list[Tensor] = []

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Saves the BatchNorm statistics, which the forward pass changes even if the step is skipped."""
        self._statistics = [statistic.clone() for statistic in batch_statistics(runner.model)]

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict[str, Any] | None = None
    ) -> None:
        """Restores the BatchNorm statistics after a skipped step, and checks the last steps if it is time to."""
        skipped = (outputs or {}).get("skipped")
        if skipped is None:
            return
        for present, before in zip(batch_statistics(runner.model), self._statistics, strict=True):
            present.copy_(torch.where(skipped > 0, before, present))
        self._waiting.append((runner.iter, skipped, _file_names(data_batch)))
        if not skipped.is_cuda or len(self._waiting) == self.interval or self.is_last_train_iter(runner):
            self._look(runner)

    def on_every_rank_before_save(self, runner: Runner) -> None:
        """Counts the skipped steps up to now, so that the checkpoint holds their number."""
        if self._waiting:
            self._look(runner)

    def _look(self, runner: Runner) -> None:
        waiting, self._waiting = self._waiting, []
        for skipped, (iteration, _, names) in zip(
            torch.stack([s for _, s, _ in waiting]).tolist(), waiting, strict=True
        ):
            self._in_a_row = self._in_a_row + 1 if skipped else 0
            runner.message_hub.update_info("skipped_in_a_row", self._in_a_row)
            if skipped:
                self._report(runner, iteration, names)

    def _report(self, runner: Runner, iteration: int, names: list[str]) -> None:
        hub = runner.message_hub
        total = hub.runtime_info.get("skipped_steps", 0) + 1
        hub.update_info("skipped_steps", total)
        everyones = sorted({name for of_rank in all_gather_object(names) for name in of_rank})
        runner.logger.warning(  # formatted here, because mmengine logs each template only once
            f"Iteration {iteration + 1} was skipped: a loss or gradient was not finite ({total} so far). Its images: "
            + ", ".join(everyones)
        )
        if self._in_a_row >= self.patience:
            todo = on_rank_0(lambda: advice(runner, self._in_a_row))
            raise UserError(f"{self._in_a_row} steps in a row had a loss or gradient that was not finite. {todo}")


def advice(runner: Runner, in_a_row: int) -> str:
    """Returns what to do after a training has diverged: options with lower learning rates, and further ideas.

    If no step was taken since the newest checkpoint, that one holds the diverged weights. It is set aside, so that the
    training continues from the one before it.

    Args:
        runner: of the training, in an iteration.
        in_a_row: number of steps skipped up to and including this iteration.
    """
    newest = newest_checkpoint(Path(runner.work_dir), runner.logger.warning)
    if newest and in_a_row >= runner.iter + 1 - iteration_of(newest):
        newest = set_aside(newest)
    parts = {name: part for name, part in runner.cfg.optim_wrapper.items() if isinstance(part, dict)}
    rates = {name: part["optimizer"].get("lr") for name, part in parts.items()}
    lower = [f"optim_wrapper.{name}.optimizer.lr={FACTOR * rate:g}" for name, rate in rates.items() if rate]
    where = f"continue from {newest}, with --resume and" if newest else "start again, with"
    return (
        f"Lower the learning rates: give the command again and {where} --cfg-options {' '.join(lower)} . If that is "
        "not enough, set optim_wrapper.PART.clip_grad.max_norm for each part, use --amp none, and look at the images "
        "that the log names."
    )


def _file_names(batch: Any) -> list[str]:
    return [str(path) for name, paths in (batch or {}).items() if name.endswith("_path") for path in paths]
