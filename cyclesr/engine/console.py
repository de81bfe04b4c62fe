"""What a training shows on the console. The log file in the work dir holds everything."""

import logging
from typing import Any

from mmengine.logging import MMLogger
from torch import nn

from cyclesr.engine.hooks.progress import ProgressHook
from cyclesr.engine.runner import Runner

# mmengine says these of its own code at the start of each training. A user cannot do anything about them.
_OF_MMENGINE = ('"FileClient" will be deprecated', '"HardDiskBackend" is the alias')


class ConsoleRunner(Runner):
    """Runner whose console shows what happens, not how it was set up."""

    def train(self) -> nn.Module:
        """Trains; the terminal is usable again, however the training ends."""
        try:
            return super().train()
        finally:
            for hook in self.hooks:
                if isinstance(hook, ProgressHook):
                    hook.end()

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """Builds mmengine's logger; its console leaves out texts of several lines, and mmengine's words on itself."""
        logger = super().build_logger(*args, **kwargs)
        for handler in logger.handlers:
            if not isinstance(handler, logging.FileHandler):
                handler.addFilter(_is_for_the_console)
        return logger


def _is_for_the_console(record: logging.LogRecord) -> bool:
    """Rejects texts of several lines: versions, compiler flags, the config and the table of hooks."""
    text = record.getMessage()
    return record.levelno >= logging.ERROR or not ("\n" in text or text.startswith(_OF_MMENGINE))
