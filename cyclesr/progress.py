"""Progress bars of the commands. They are on stderr, so that the output of a command can be piped."""

from collections.abc import Callable, Iterable
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    track,
)


def progress_bar(shown: bool = True) -> Progress:
    """Returns a progress bar with the number of items done, the time elapsed and the time left.

    Args:
        shown: whether it is displayed; of several processes, one displays its own.
    """
    return Progress(
        TextColumn("{task.description}"),
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
