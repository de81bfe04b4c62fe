"""What a training shows: losses, scores and warnings on the console, everything in the log file of its work dir."""

import logging
from typing import Any

from mmengine.hooks import LoggerHook
from mmengine.logging import MMLogger

from cyclesr.engine.runner import Runner
from cyclesr.registry import HOOKS

# mmengine says these of its own code, at the start of each training: nothing that a user could mend.
_OF_MMENGINE = ('"FileClient" will be deprecated', '"HardDiskBackend" is the alias')


class ConsoleRunner(Runner):
    """A Runner whose console shows what happens, not how it was set up: the work dir holds the config and the log."""

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """mmengine's logger; its console leaves out texts of several lines, and mmengine's words on itself."""
        logger = super().build_logger(*args, **kwargs)
        for handler in logger.handlers:
            if not isinstance(handler, logging.FileHandler):
                handler.addFilter(_is_for_the_console)
        return logger


def _is_for_the_console(record: logging.LogRecord) -> bool:
    """Versions, compiler flags, the config and the table of hooks have many lines; what happens has one."""
    text = record.getMessage()
    return record.levelno >= logging.ERROR or not ("\n" in text or text.startswith(_OF_MMENGINE))


@HOOKS.register_module()
class ProgressHook(LoggerHook):
    """mmengine's LoggerHook, which logs the last iteration as well: trainings may be shorter than the interval."""

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict[str, Any] | None = None
    ) -> None:
        """Logs when :class:`~cyclesr.engine.hooks.LossLogHook` has written the losses."""
        if self.every_n_train_iters(runner, self.interval) or self.is_last_train_iter(runner):
            tag, line = runner.log_processor.get_log_after_iter(runner, batch_idx, "train")
            runner.logger.info(line)
            runner.visualizer.add_scalars(tag, step=runner.iter + 1, file_path=self.json_log_path)
