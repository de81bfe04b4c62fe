"""The progress of a training: a bar on a terminal, lines in a file or a pipe, and all values in the JSON log."""

import logging
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import LoggerHook
from mmengine.runner import Runner

from cyclesr.engine.log_lines import training_line, validation_line, watched
from cyclesr.engine.training_bar import TrainingBar, on_terminal
from cyclesr.registry import HOOKS


@HOOKS.register_module()
class ProgressHook(LoggerHook):
    """Logs every ``interval`` iterations and the last one, and the scores of each validation.

    On a terminal, a bar replaces the lines of the training. mmengine's hook writes a line per validation image, the
    learning rates in each line, and nothing if the training is shorter than the interval.
    """

    _bar: TrainingBar | None = None

    def before_train(self, runner: Runner) -> None:
        """Starts the bar if the output is a terminal."""
        if is_main_process() and on_terminal():
            streams = (h for h in runner.logger.handlers if isinstance(h, logging.StreamHandler))
            terminals = [handler for handler in streams if not isinstance(handler, logging.FileHandler)]
            self._bar = TrainingBar(terminals, runner.iter, runner.max_iters)
            self._bar.start()

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict[str, Any] | None = None
    ) -> None:
        """Logs when :class:`~cyclesr.engine.hooks.LossLogHook` has written the losses."""
        if self.every_n_train_iters(runner, self.interval) or self.is_last_train_iter(runner):
            scalars, _ = runner.log_processor.get_log_after_iter(runner, batch_idx, "train")
            left = runner.message_hub.runtime_info.get("eta")
            line = training_line(runner.iter + 1, runner.max_iters, scalars, left)
            runner.logger.info(line, extra={"on_the_bar": True})
            runner.visualizer.add_scalars(scalars, step=runner.iter + 1, file_path=self.json_log_path)
            if self._bar:
                self._bar.show(watched(scalars))
        if self._bar:
            stage = getattr(runner.model, "stage", None)
            self._bar.advance(f"training ({getattr(stage, 'value', stage)})" if stage else "training")

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Advances the bar of the validation."""
        if self._bar:
            self._bar.validate(batch_idx + 1, len(runner.val_dataloader))

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Logs the scores."""
        scores, _ = runner.log_processor.get_log_after_epoch(runner, len(runner.val_dataloader), "val")
        runner.logger.info(validation_line(runner.iter, runner.max_iters, scores))
        step = runner.epoch if self.log_metric_by_epoch else runner.iter
        runner.visualizer.add_scalars(scores, step=step, file_path=self.json_log_path)

    def after_train(self, runner: Runner) -> None:
        """Ends the bar."""
        self.end()

    def end(self) -> None:
        """Ends the bar and restores the terminal."""
        if self._bar:
            self._bar.stop()
        self._bar = None
