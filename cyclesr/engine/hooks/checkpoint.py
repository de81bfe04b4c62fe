"""Checkpoints that are removed only when those that take their place are on the disk."""

from typing import Any

from mmengine.fileio import LocalBackend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from cyclesr.registry import HOOKS


class LateRemoval(LocalBackend):
    """Files of this computer, whose removal waits for :meth:`remove_waiting`."""

    def __init__(self) -> None:
        self._waiting: list[str] = []

    def remove(self, filepath: str) -> None:
        """Notes that a file is to be removed."""
        self._waiting.append(filepath)

    def remove_waiting(self) -> None:
        """Removes what was noted."""
        waiting, self._waiting = self._waiting, []
        for filepath in waiting:
            super().remove(filepath)


@HOOKS.register_module(name="CheckpointHook")
class LateRemovalCheckpointHook(CheckpointHook):
    """mmengine's, which removes old checkpoints, and the best so far, before it writes; a full disk then loses them."""

    def before_train(self, runner: Runner) -> None:
        """Finds the folder of the checkpoints."""
        super().before_train(runner)
        self.file_backend = LateRemoval()

    def after_train_iter(self, *args: Any, **kwargs: Any) -> None:
        """Saves when it is time, then removes what is no longer to be kept."""
        super().after_train_iter(*args, **kwargs)
        self.file_backend.remove_waiting()

    def after_val_epoch(self, *args: Any, **kwargs: Any) -> None:
        """Saves the best, then removes the best before it."""
        super().after_val_epoch(*args, **kwargs)
        self.file_backend.remove_waiting()
