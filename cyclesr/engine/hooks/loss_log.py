"""Logging of losses without waiting for the device in each iteration."""

from collections import defaultdict
from functools import partial
from typing import Any

import torch
from mmengine.hooks import IterTimerHook, LoggerHook, RuntimeInfoHook
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner
from torch import Tensor, nn

from cyclesr.engine.hooks.checkpoint_contents import LOG_VALUES
from cyclesr.models.losses.weighted_sum import SumOfLosses
from cyclesr.registry import HOOKS


@HOOKS.register_module()
class LossLogHook(RuntimeInfoHook):
    """mmengine's RuntimeInfoHook, which waits for the device only when the log is due.

    mmengine's hook waits for each loss in each iteration. It also keeps a million values of each loss, and copies them
    in each iteration. This hook also logs the terms of a :class:`~cyclesr.models.losses.SumOfLosses`, for instance as
    ``loss_sr_L1Loss``.
    """

    def __init__(self) -> None:
        super().__init__()
        self._interval = 1
        self._waiting: list[dict[str, Tensor]] = []
        self._terms: dict[str, list[Tensor]] = defaultdict(list)

    def before_train(self, runner: Runner) -> None:
        """Reads the logger's interval, creates the buffers of mmengine's values, and registers hooks on sums' terms."""
        super().before_train(runner)
        timed = any(isinstance(hook, IterTimerHook) for hook in runner.hooks)
        for name in (*(("time", "data_time") if timed else ()), *runner.optim_wrapper.get_lr()):
            _make_buffer(runner, name)
        for path, loss in runner.model.named_modules():
            if isinstance(loss, SumOfLosses):
                self._watch(f"loss_{path.removesuffix('_loss')}", loss)
        self._interval = min((h.interval for h in runner.hooks if isinstance(h, LoggerHook)), default=1)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict[str, Any] | None = None
    ) -> None:
        """Keeps the losses, and writes all of them when the logger is about to read them."""
        self._waiting.append({**(outputs or {}), **self._take_terms()})
        if self.every_n_train_iters(runner, self._interval) or self.is_last_train_iter(runner):
            self._write(runner)

    def on_every_rank_before_save(self, runner: Runner) -> None:
        """Writes the kept losses, so that the checkpoint holds the last values of the log."""
        self._write(runner)

    def _watch(self, name: str, loss: SumOfLosses) -> None:
        def keep(key: str, term: nn.Module, images: tuple[Tensor, ...], value: Tensor) -> None:
            self._terms[key].append(loss.weight * value.detach())

        for kind, term in loss.terms.items():
            term.register_forward_hook(partial(keep, f"{name}_{kind}"))

    def _take_terms(self) -> dict[str, Tensor]:
        """Returns the mean of each term over the micro-batches of the step."""
        terms, self._terms = self._terms, defaultdict(list)
        return {name: torch.stack(values).mean() for name, values in terms.items()}

    def _write(self, runner: Runner) -> None:
        waiting, self._waiting = self._waiting, []
        values = [value for losses in waiting for value in losses.values()]
        numbers = iter(torch.stack([v.detach().float() for v in values]).tolist() if values else ())
        for losses in waiting:
            for name in losses:
                _make_buffer(runner, name)
                runner.message_hub.update_scalar(f"train/{name}", next(numbers))


def _make_buffer(runner: Runner, name: str) -> None:
    """Creates a short buffer for a logged value, before mmengine creates one for a million values."""
    runner.message_hub.log_scalars.setdefault(f"train/{name}", HistoryBuffer(max_length=LOG_VALUES))
