"""Progress bars of the commands, on stderr: the output of a command can be piped."""

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


def progress_bar() -> Progress:
    """Make a bar that shows how many are done, how long it took and how long it will take."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def watch(title: str) -> Callable[..., Iterable[Any]]:
    """Make a function that shows a bar while its first argument, an iterable, is worked on.

    Its second argument is the number of items, which an iterator cannot tell.
    """

    def watched(items: Iterable[Any], total: int | None = None) -> Iterable[Any]:
        known = list(items) if total is None else items
        return track(known, title, total, console=Console(stderr=True), transient=True)

    return watched
