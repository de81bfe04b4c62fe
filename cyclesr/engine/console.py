"""The runner of a training with a short console output. The log file in the work dir has everything."""

import logging
from typing import Any

from mmengine.logging import MMLogger
from torch import nn

from cyclesr.engine.hooks.progress import ProgressHook
from cyclesr.engine.runner import Runner

# Warnings of mmengine about itself at the start of each training. A user cannot do anything about them.
_OF_MMENGINE = ('"FileClient" will be deprecated', '"HardDiskBackend" is the alias')


class ConsoleRunner(Runner):
    """A Runner whose console does not show versions, the config and the table of hooks."""

    def train(self) -> nn.Module:
        """Trains the model, and restores the terminal even if the training fails."""
        try:
            return super().train()
        finally:
            for hook in self.hooks:
                if isinstance(hook, ProgressHook):
                    hook.end()

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """Builds mmengine's logger, whose console does not show messages of several lines and those about mmengine."""
        logger = super().build_logger(*args, **kwargs)
        for handler in logger.handlers:
            if not isinstance(handler, logging.FileHandler):
                handler.addFilter(_is_for_the_console)
        return logger


def _is_for_the_console(record: logging.LogRecord) -> bool:
    """Returns whether to show a message. Versions, compiler flags, the config and the hooks have several lines."""
    text = record.getMessage()
    return record.levelno >= logging.ERROR or not ("\n" in text or text.startswith(_OF_MMENGINE))
