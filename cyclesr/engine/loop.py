"""The training loop: counts iterations, and resumes at any of them without replaying the data before it."""

import torch
from mmengine.dist import get_world_size
from mmengine.runner import IterBasedTrainLoop

from cyclesr.engine.sampler import EndlessSampler
from cyclesr.registry import LOOPS


@LOOPS.register_module()
class ResumableTrainLoop(IterBasedTrainLoop):
    """mmengine's iteration loop, which resumes exactly.

    mmengine resumes by loading and discarding every past batch, and saves no state of random generators. Here the
    sampler starts where the training stopped, and validation leaves the random generators as it found them.
    """

    def run(self) -> torch.nn.Module:
        """Trains up to ``max_iters``."""
        runner = self.runner
        runner.call_hook("before_train")
        runner.call_hook("before_train_epoch")
        batches = iter(self._dataloader_from_here())
        while self._iter < self._max_iters and not self.stop_training:
            runner.model.train()
            self.run_iter(next(batches))
            if self._validates_now():
                with torch.random.fork_rng():
                    runner.val_loop.run()
        runner.call_hook("after_train_epoch")
        runner.call_hook("after_train")
        return runner.model

    def _dataloader_from_here(self) -> torch.utils.data.DataLoader:
        sampler = self.dataloader.sampler
        if isinstance(sampler, EndlessSampler):
            sampler.start = self._iter * self.dataloader.batch_size * get_world_size()
        return self.dataloader

    def _validates_now(self) -> bool:
        self._decide_current_val_interval()
        is_due = self._iter % self.val_interval == 0 or self._iter == self._max_iters
        return self.runner.val_loop is not None and self._iter >= self.val_begin and is_due
