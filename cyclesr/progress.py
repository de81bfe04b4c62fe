"""Progress bars of the commands. They are on stderr, so that the output of a command can be piped."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    track,
)
from rich.text import Text

_SECONDS_OF_SPEED = 60.0  # period over which the speed is estimated


def progress_bar(shown: bool = True) -> Progress:
    """Returns a progress bar with the number of items done, the time elapsed and the time left.

    Args:
        shown: whether it is displayed; of several processes, one displays its own.
    """
    return Progress(
        TextColumn("{task.description}", markup=False),  # names of files may look like markup
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not shown,
    )


def watch(title: str) -> Callable[..., Iterable[Any]]:
    """Returns a function that iterates over its first argument and shows a progress bar.

    Its second argument is the number of items. It is optional if the first argument is finite and fits in memory.
    """

    def watched(items: Iterable[Any], total: int | None = None) -> Iterable[Any]:
        known = list(items) if total is None else items
        return track(known, title, total, console=Console(stderr=True), transient=True)

    return watched


class MegapixelsColumn(ProgressColumn):
    """Megapixels per second of a task that counts pixels."""

    def render(self, task: Task) -> Text:
        """Returns the speed as text, or an empty text while it is unknown."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed / 1e6:.2f} MP/s" if speed else "")


class PixelBar:
    """A progress bar over files that counts pixels, so that the time left is right for files of different sizes.

    It shows the name of the file, the number of files done, megapixels per second, the time elapsed and the time left.
    Use it as a context.

    Args:
        pixels: number of pixels of each file; 0 if it is unknown.
        shown: whether it is visible.
    """

    def __init__(self, pixels: Sequence[int], shown: bool = True) -> None:
        self._left = list(pixels)
        self._done = 0
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[files]}", style="progress.download"),
            MegapixelsColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            speed_estimate_period=_SECONDS_OF_SPEED,
            disable=not shown,
        )
        self._task = self._progress.add_task("", total=sum(pixels), files=f"0/{len(pixels)}")

    def __enter__(self) -> "PixelBar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, name: str) -> None:
        """Shows the name of a file."""
        self._progress.update(self._task, description=name)

    def advance(self, number: int, pixels: int) -> None:
        """Counts pixels of a file that were made."""
        self._left[number] -= pixels
        self._progress.advance(self._task, pixels)

    def end(self, number: int) -> None:
        """Counts a file as done. What is left of it, because it failed, is no longer expected."""
        self._done += 1
        self._left[number], left = 0, self._left[number]
        task = self._progress.tasks[0]
        self._progress.update(self._task, total=(task.total or 0) - left, files=f"{self._done}/{len(self._left)}")
