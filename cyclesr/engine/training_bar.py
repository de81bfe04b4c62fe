"""The progress bar of a training on a terminal: iterations, losses, speed and time left, below the log."""

import logging
import sys
import time
from collections.abc import Mapping, Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

SECONDS_BETWEEN_REFRESHES = 0.2
SECONDS_OF_SPEED = 120.0  # period over which the speed is estimated


def on_terminal() -> bool:
    """Returns whether the output is a terminal that can move its cursor, and not a file, a pipe or a notebook."""
    return sys.stdout.isatty() and not Console().is_dumb_terminal


class SpeedColumn(ProgressColumn):
    """Iterations per second, or seconds per iteration if an iteration takes longer than a second."""

    def render(self, task: Task) -> Text:
        """Returns the speed as text, or an empty text while it is unknown."""
        speed = task.speed or 0.0
        return Text("" if not speed else f"{speed:.1f} it/s" if speed >= 1 else f"{1 / speed:.1f} s/it")


class TrainingBar:
    """The progress bar. It is drawn after an iteration, not by a thread, which would break forked data loaders.

    Args:
        handlers: log handlers of the terminal. While the bar is shown, they write above it.
        done: number of iterations up to now.
        total: number of iterations of the training.
    """

    def __init__(self, handlers: Sequence[logging.StreamHandler], done: int, total: int) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            SpeedColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            speed_estimate_period=SECONDS_OF_SPEED,
        )
        self._training = self._progress.add_task("training", total=total, completed=done)
        self._validation = self._progress.add_task("validating", total=None, visible=False)
        self._numbers = Text(style="dim")
        self._live = Live(Group(self._progress, self._numbers), auto_refresh=False)
        self._streams = {handler: handler.stream for handler in handlers}
        self._drawn = 0.0

    def start(self) -> None:
        """Shows the bar."""
        self._live.start(refresh=True)
        for handler in self._streams:
            handler.setStream(sys.stdout)  # Live has replaced it
            handler.addFilter(_not_on_the_bar)

    def stop(self) -> None:
        """Ends the bar, which stays visible, and restores the terminal. A second call does nothing."""
        for handler, stream in self._streams.items():
            handler.setStream(stream)
            handler.removeFilter(_not_on_the_bar)
        self._live.stop()

    def advance(self, stage: str) -> None:
        """Counts an iteration of training in a stage."""
        self._progress.update(self._training, advance=1, description=stage)
        self._refresh()

    def show(self, numbers: Mapping[str, str]) -> None:
        """Replaces the losses that are shown."""
        self._numbers.plain = "  ".join(f"{name} {text}" for name, text in numbers.items())

    def validate(self, done: int, total: int) -> None:
        """Shows the number of validated batches, and hides it after the last batch."""
        if done == 1:
            self._progress.reset(self._validation)
        self._progress.update(self._validation, completed=done, total=total, visible=done < total)
        self._refresh()

    def _refresh(self) -> None:
        if (now := time.monotonic()) - self._drawn >= SECONDS_BETWEEN_REFRESHES:
            self._drawn = now
            self._live.refresh()


def _not_on_the_bar(record: logging.LogRecord) -> bool:
    return not getattr(record, "on_the_bar", False)
