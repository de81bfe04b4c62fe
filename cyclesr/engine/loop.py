"""The training loop: counts iterations, takes each step in micro-batches, and resumes without replaying past data."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.dist import get_world_size
from mmengine.runner import IterBasedTrainLoop
from torch import Tensor

from cyclesr.datasets.crops import CropDataset, collate_crops
from cyclesr.datasets.worker_errors import errors_of_workers_in_one_line
from cyclesr.engine.graphs import StepGraphs
from cyclesr.engine.hooks.checkpoint import LateRemovalCheckpointHook
from cyclesr.engine.prefetch import ready_batches
from cyclesr.engine.sampler import EndlessSampler
from cyclesr.engine.stopping import InterruptValidationHook, Ranks, StopSignals
from cyclesr.errors import Interrupted, UserError
from cyclesr.models.sr_model import SRModel
from cyclesr.optim.parts import PartOptimizers
from cyclesr.registry import LOOPS


@LOOPS.register_module()
class ResumableTrainLoop(IterBasedTrainLoop):
    """mmengine's iteration loop, which resumes exactly.

    mmengine resumes by loading and discarding every past batch, and saves no state of random generators. Here the
    sampler starts where the training stopped; :class:`~cyclesr.engine.hooks.RankStatesHook` keeps the generators.

    Ctrl-C, SIGTERM, and data that can no longer be read end the training between two iterations, with a checkpoint.

    Args:
        runner, dataloader, max_iters, val_begin, val_interval, dynamic_intervals: as in mmengine.
        prefetch: on a GPU, copies each batch while the previous step runs, see
            :func:`~cyclesr.engine.prefetch.ready_batches`.
        graphs: on a GPU, records the step as a CUDA graph and replays it, see
            :class:`~cyclesr.engine.graphs.StepGraphs`. A hook that changes an attribute of the model during the
            training, other than ``stage`` and ``warm_up_loss``, has no effect on a recorded step.
    """

    def __init__(
        self,
        runner: Any,
        dataloader: Any,
        max_iters: int,
        val_begin: int = 1,
        val_interval: int = 1000,
        dynamic_intervals: list[tuple[int, int]] | None = None,
        prefetch: bool = True,
        graphs: bool = False,
    ) -> None:
        super().__init__(runner, dataloader, max_iters, val_begin, val_interval, dynamic_intervals)
        self.prefetch = prefetch
        self._train_step = StepGraphs(train_step) if graphs else train_step

    def run(self) -> torch.nn.Module:
        """Trains up to ``max_iters``.

        Raises:
            Interrupted: a signal has ended the training.
            UserError: an image cannot be read, or a worker of the data loader has failed.
        """
        runner = self.runner
        if self._iter >= self._max_iters:
            runner.logger.info(
                f"Nothing is left to train: this training ended at iteration {self._iter}. A larger --iterations N "
                "continues it."
            )
        runner.call_hook("before_train")
        loader = iter(self._dataloader_from_here())
        batches = ready_batches(loader, torch.device(get_device()), self.prefetch)
        runner.call_hook("before_train_epoch")  # restores the random state, which starting a loader changes
        with StopSignals() as signals:
            runner.register_hook(InterruptValidationHook(signals))
            self._train(batches, signals, Ranks())
        runner.call_hook("after_train_epoch")
        runner.call_hook("after_train")
        runner.optim_wrapper.finish()
        return runner.model

    def _train(self, batches: Iterator[Any], signals: StopSignals, ranks: Ranks) -> None:
        def continued(work: Callable[[], Any]) -> Any:
            """Does a piece of work, unless the training has to end on any rank, before or because of it."""
            done, end = None, None
            try:
                with errors_of_workers_in_one_line():
                    done = None if signals.received else work()
            except (UserError, OSError, Interrupted) as error:
                end = error
            self._end_if(ranks.gathered(end or signals.received))
            return done

        if self._iter and self._validation_is_due():  # the checkpoint was written before the validation
            continued(self._validate)
        while self._iter < self._max_iters and not self.stop_training:
            batch = continued(lambda: next(batches))
            self.runner.model.train()
            self.run_iter(batch)
            if self._validation_is_due():
                continued(self._validate)
        continued(lambda: None)

    def _end_if(self, ends: list[Any]) -> None:
        """Saves a checkpoint and raises an error if any rank has one, or the number of a signal."""
        errors = [end for end in ends if isinstance(end, Exception)]
        signals = [getattr(end, "number", end) for end in ends if end and not isinstance(end, Exception)]
        if not (errors or signals):
            return
        hooks = [hook for hook in self.runner.hooks if isinstance(hook, LateRemovalCheckpointHook)]
        newest = hooks[0].save_now(self.runner) if hooks else ""
        where = f"Continue with --resume, from {newest}." if newest else "There is no checkpoint to continue from."
        said = f"stopped at iteration {self._iter}. {where}" if self._iter else "stopped before the first iteration."
        if errors:
            raise UserError(
                f"{_sentence(errors[0])} Training has {said}" if self._iter else str(errors[0])
            ) from errors[0]
        raise Interrupted(said, signals[0])

    def run_iter(self, data_batch: Any) -> None:
        """Runs one iteration on a batch, whole or in micro-batches."""
        runner, where = self.runner, dict(batch_idx=self._iter, data_batch=data_batch)
        runner.call_hook("before_train_iter", **where)
        outputs = self._train_step(runner.model, data_batch, runner.optim_wrapper)
        runner.call_hook("after_train_iter", **where, outputs=outputs)
        self._iter += 1

    def _dataloader_from_here(self) -> torch.utils.data.DataLoader:
        loader = self.dataloader
        sampler = loader.sampler
        if isinstance(sampler, EndlessSampler):
            sampler.start = self._iter * loader.batch_size * get_world_size()
        collate = getattr(loader.collate_fn, "func", loader.collate_fn)  # mmengine wraps it
        if isinstance(loader.dataset, CropDataset) and collate is collate_crops:
            loader.dataset.as_stored = True
        return loader

    def _validation_is_due(self) -> bool:
        self._decide_current_val_interval()
        is_due = self._iter >= self.val_begin and (self._iter % self.val_interval == 0 or self._iter == self._max_iters)
        last = self.runner.message_hub.runtime_info.get("last_validation")
        return self.runner.val_loop is not None and is_due and last != self._iter

    def _validate(self) -> None:
        hub = self.runner.message_hub
        before = hub.runtime_info.get("last_validation")
        hub.update_info("last_validation", self._iter)
        try:
            with self.runner.optim_wrapper.averaged_weights():
                self.runner.val_loop.run()
        except BaseException:
            hub.update_info("last_validation", before)  # a resumed training validates here again
            raise


def _sentence(error: Exception) -> str:
    """Returns a message as a sentence. That of an ``OSError`` names the file."""
    name = getattr(error, "filename", None)
    text = f"{name}: {getattr(error, 'strerror', error)}" if name else str(error)
    return text if text.endswith((".", "!", "?")) else f"{text}."


def train_step(model: SRModel, batch: dict[str, Any], optimizers: PartOptimizers) -> dict[str, Tensor]:
    """Takes one step over ``optimizers.accumulate`` micro-batches, which need less memory than the whole batch.

    All micro-batches see the weights from before the step, so their gradients add up to those of the whole batch if
    losses are means over images and no network has batch statistics.

    Returns:
        The losses of the whole batch, and what :meth:`~cyclesr.optim.parts.PartOptimizers.take_report` returns.

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
