"""Losses on their way from the device to the log."""

from typing import Any

import torch
from mmengine.hooks import LoggerHook, RuntimeInfoHook
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner

from cyclesr.engine.hooks.checkpoint_contents import LOG_VALUES
from cyclesr.registry import HOOKS


@HOOKS.register_module()
class LossLogHook(RuntimeInfoHook):
    """mmengine's hook of the same purpose, which waits for the device only when the log is due.

    mmengine's waits for each loss of each iteration, and keeps a million values of each, copied at every iteration.
    """

    def __init__(self) -> None:
        super().__init__()
        self._interval = 1
        self._waiting: list[dict[str, torch.Tensor]] = []

    def before_train(self, runner: Runner) -> None:
        """Takes the logger's interval."""
        super().before_train(runner)
        self._interval = min((h.interval for h in runner.hooks if isinstance(h, LoggerHook)), default=1)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict[str, Any] | None = None
    ) -> None:
        """Keeps the losses; writes all that were kept when the logger will read them."""
        self._waiting.append(outputs or {})
        if self.every_n_train_iters(runner, self._interval) or self.is_last_train_iter(runner):
            self._write(runner)

    def on_every_rank_before_save(self, runner: Runner) -> None:
        """A checkpoint holds the last values of the log."""
        self._write(runner)

    def _write(self, runner: Runner) -> None:
        waiting, self._waiting = self._waiting, []
        values = [value for losses in waiting for value in losses.values()]
        numbers = iter(torch.stack([v.detach().float() for v in values]).tolist() if values else ())
        for losses in waiting:
            for name in losses:
                hub, key = runner.message_hub, f"train/{name}"
                hub.log_scalars.setdefault(key, HistoryBuffer(max_length=LOG_VALUES))
                hub.update_scalar(key, next(numbers))
