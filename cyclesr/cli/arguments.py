"""What the command-line tools share: how they end, KEY=VALUE options, and numbers within their limits."""

import argparse
import ast
import math
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from cyclesr.errors import UserError


def run(main: Callable[[], Any]) -> None:
    """Runs a tool's ``main`` and leaves the process: 0 when done, 2 after a ``UserError``, 130 after Ctrl-C.

    A user's mistake is one line on stderr, not a traceback; so is a file or folder that cannot be read or written.
    """
    try:
        main()
    except UserError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        if error.filename is None:
            raise
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)
    sys.exit(0)


def key_values(options: Iterable[str]) -> dict[str, Any]:
    """Reads ``["a.b=3", "c=[1, 2]", "d=word"]`` as ``{"a.b": 3, "c": [1, 2], "d": "word"}``.

    Values are Python literals; ``true`` and ``false`` are understood in any case; the rest is text (``none`` too: it
    names a norm and a precision; ``None`` is Python's).

    Raises:
        UserError: an option without ``=``.
    """
    pairs = {}
    for option in options:
        key, equals, value = option.partition("=")
        if not (key and equals):
            raise UserError(f"An option is written KEY=VALUE; found {option!r}.")
        pairs[key] = _literal(value)
    return pairs


def at_least(smallest: int) -> Callable[[str], int]:
    """An argparse type: whole numbers from ``smallest`` on."""

    def read(text: str) -> int:
        with suppress(ValueError):
            if (number := int(text)) >= smallest:
                return number
        raise argparse.ArgumentTypeError(f"expected a whole number, {smallest} or more; found {text!r}")

    return read


def positive(text: str) -> float:
    """An argparse type: finite numbers above 0."""
    with suppress(ValueError):
        if 0 < (number := float(text)) < math.inf:
            return number
    raise argparse.ArgumentTypeError(f"expected a number above 0; found {text!r}")


def _literal(text: str) -> Any:
    words = {"true": True, "false": False}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
