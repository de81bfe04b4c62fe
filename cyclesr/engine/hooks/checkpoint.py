"""Checkpoints of healthy weights only, whose old files are removed only after the new ones are on the disk."""

from typing import Any

import torch
from mmengine.dist import all_gather_object
from mmengine.fileio import LocalBackend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from torch import Tensor

from cyclesr.registry import HOOKS


class LateRemoval(LocalBackend):
    """Local files that are removed only when :meth:`remove_waiting` is called."""

    def __init__(self) -> None:
        self._waiting: list[str] = []

    def remove(self, filepath: str) -> None:
        """Marks a file for removal."""
        self._waiting.append(filepath)

    def remove_waiting(self) -> None:
        """Removes the marked files."""
        waiting, self._waiting = self._waiting, []
        for filepath in waiting:
            super().remove(filepath)


@HOOKS.register_module(name="CheckpointHook")
class LateRemovalCheckpointHook(CheckpointHook):
    """mmengine's CheckpointHook, which writes only healthy weights and removes old checkpoints after it has written.

    mmengine's hook removes old checkpoints, and the best one, before it writes. A full disk would then lose them.

    Weights are healthy if all are finite and the last step was not skipped. A checkpoint that is due at another moment
    waits for the next healthy one, so that no checkpoint of a diverged training replaces a good one. At the end of the
    training, finite weights that were stepped since the last checkpoint are enough.
    """

    def before_train(self, runner: Runner) -> None:
        """Sets the folder of the checkpoints."""
        super().before_train(runner)
        self.file_backend = LateRemoval()
        self._due = False
        self._written = runner.iter if runner._resume else -1  # iteration of the newest checkpoint
        self._skipped: Tensor | None = None

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict[str, Any] | None = None
    ) -> None:
        """Saves a checkpoint if it is due, then removes those that are no longer kept."""
        if self.by_epoch:
            return
        self._skipped = (outputs or {}).get("skipped")
        is_last = self.save_last and self.is_last_train_iter(runner)
        self._due |= is_last or self.every_n_train_iters(runner, self.interval, self.save_begin)
        if self._due and self._healthy(runner, is_last):
            runner.logger.info(f"Saving checkpoint at {runner.iter + 1} iterations")
            self._save_checkpoint(runner)
            self.file_backend.remove_waiting()

    def after_val_epoch(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        """Saves the best checkpoint, then removes the previous best."""
        if self.save_best and self._healthy(runner):
            super().after_val_epoch(runner, *args, **kwargs)
            self.file_backend.remove_waiting()

    def save_now(self, runner: Runner) -> str:
        """Saves a checkpoint between two iterations if there is anything new. All ranks must call it.

        Returns:
            The file of the newest checkpoint; an empty string if there is none.
        """
        if runner.iter > max(self._written, 0) and self._healthy(runner):
            self._save_checkpoint_with_step(runner, runner.iter, dict(epoch=runner.epoch, iter=runner.iter))
            self.file_backend.remove_waiting()
        newest: str = self.file_backend.join_path(self.out_dir, self.filename_tmpl.format(self._written))
        return newest if self._written >= 0 else ""

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict[str, Any]) -> None:
        super()._save_checkpoint_with_step(runner, step, meta)
        self._due, self._written = False, step

    def _healthy(self, runner: Runner, is_last: bool = False) -> bool:
        skipped = self._skipped is not None and bool(self._skipped > 0)
        if skipped and not (is_last and self._stepped_since_written(runner)):
            return False
        finite = all(all_gather_object(weights_are_finite(runner.model)))
        if not finite:
            runner.logger.warning(f"No checkpoint at iteration {runner.iter + 1}: some weights are not finite.")
        return finite

    def _stepped_since_written(self, runner: Runner) -> bool:
        in_a_row: int = runner.message_hub.runtime_info.get("skipped_in_a_row", 0)
        return in_a_row < runner.iter + 1 - max(self._written, 0)


def weights_are_finite(model: torch.nn.Module) -> bool:
    """Returns whether all floating-point weights of a model, its averages too, are finite. It waits for the device."""
    weights = [w for w in model.state_dict().values() if w.is_floating_point() and w.numel()]
    return bool(torch.stack([w.isfinite().all() for w in weights]).all())
