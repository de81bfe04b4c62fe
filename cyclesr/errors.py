"""The exceptions for mistakes that a user can correct, and for a training that a signal has ended."""

import signal
from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """A mistake in the user's input: a folder, an image, a config key or a checkpoint.

    The message is one clear line that says what was expected, what was found and what to do. The command-line tools
    print it without a traceback and exit with code 2. Bytes of file names that are not UTF-8 are shown as ``\\udcff``.
    """

    def __str__(self) -> str:
        return printable(super().__str__())


def printable(text: object) -> str:
    """Returns text that every stream can print: file names that are not UTF-8 contain surrogates, which none can."""
    return str(text).encode("utf-8", "backslashreplace").decode()


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM has ended a training. The message says where it can be continued.

    Args:
        message: for the user, one line.
        number: number of the signal; a command exits with 128 plus this number, as shells report it.
    """

    def __init__(self, message: str, number: int = signal.SIGINT) -> None:
        super().__init__(message)
        self.number = number


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Returns `` Did you mean 'x'?`` with up to three similar known words, or an empty string if none is similar."""
    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_lower, n=3, cutoff=0.6)
    if not near:
        return ""
    return " Did you mean " + " or ".join(repr(by_lower[name]) for name in near) + "?"


def require_rgb(who: str, channels: int) -> None:
    """Checks that images have three channels.

    Args:
        who: what needs it, the plural subject of the message.
        channels: found number of channels.

    Raises:
        UserError: there are not three.
    """
    if channels != 3:
        raise UserError(f"{who} work on RGB images only, found {channels} channel{'s' * (channels > 1)}.")
