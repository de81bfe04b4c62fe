"""Random generators and buffers of each rank, saved in checkpoints, restored from them, and kept over validation."""

from typing import Any

from mmengine.dist import all_gather_object, get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner

from cyclesr.engine.ranks import average_batch_statistics, own_buffers, random_state, set_own_buffers, set_random_state
from cyclesr.registry import HOOKS


@HOOKS.register_module()
class RankStatesHook(Hook):
    """Saves and restores the state that differs between ranks, so that a resumed training is bitwise equal.

    With another number of ranks than before, each rank that was saved takes its state. Further ranks take the image
    pools of rank 0 and random generators from their seed.
    """

    def __init__(self) -> None:
        self._before_validation: dict[str, Any] | None = None
        self._gathered: list[dict[str, Any]] = []
        self._resumed: list[dict[str, Any]] = []

    def on_every_rank_before_save(self, runner: Runner) -> None:
        """Gathers the states of all ranks. During validation, the random generators are those from before it."""
        average_batch_statistics(runner.model)
        own = dict(random=self._before_validation or random_state(), buffers=own_buffers(runner.model))
        self._gathered = all_gather_object(own)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Adds ``rank_states``, a list with one dict per rank."""
        checkpoint["rank_states"] = self._gathered

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Keeps the states until the training starts, because starting a data loader draws random numbers too."""
        self._resumed = checkpoint.get("rank_states", []) if runner._resume else []

    def before_train_epoch(self, runner: Runner) -> None:
        """Restores the random generators and buffers of the checkpoint."""
        if get_rank() < len(self._resumed):
            own = self._resumed[get_rank()]
            set_random_state(own["random"])
            set_own_buffers(runner.model, own["buffers"])
        self._resumed = []

    def before_val(self, runner: Runner) -> None:
        """Saves the random generators, which the data loader of the validation set changes."""
        average_batch_statistics(runner.model)
        self._before_validation = random_state()

    def after_val(self, runner: Runner) -> None:
        """Restores the random generators, so that validation does not change the training."""
        if self._before_validation:
            set_random_state(self._before_validation)
        self._before_validation = None
