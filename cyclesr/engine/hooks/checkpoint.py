"""Checkpoints whose old files are removed only after the new ones are on the disk."""

from typing import Any

from mmengine.fileio import LocalBackend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

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
    """mmengine's CheckpointHook, which removes old checkpoints after it has written the new ones.

    mmengine's hook removes old checkpoints, and the best one, before it writes. A full disk would then lose them.
    """

    def before_train(self, runner: Runner) -> None:
        """Sets the folder of the checkpoints."""
        super().before_train(runner)
        self.file_backend = LateRemoval()

    def after_train_iter(self, *args: Any, **kwargs: Any) -> None:
        """Saves a checkpoint if it is due, then removes those that are no longer kept."""
        super().after_train_iter(*args, **kwargs)
        self.file_backend.remove_waiting()

    def after_val_epoch(self, *args: Any, **kwargs: Any) -> None:
        """Saves the best checkpoint, then removes the previous best."""
        super().after_val_epoch(*args, **kwargs)
        self.file_backend.remove_waiting()
