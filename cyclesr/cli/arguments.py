"""Arguments that several commands share, and how their texts become values."""

import argparse
import ast
import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from cyclesr.errors import UserError


def add_config(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Add the name of a config, and ``--scale``."""
    optional = "" if required else "; without one, --hr and --real are needed"
    parser.add_argument(
        "config",
        nargs=None if required else "?",
        help=f"name of a config ('cyclesr list configs' shows them), or path of a file{optional}",
    )
    parser.add_argument(
        "--scale",
        type=int,
        choices=(1, 2, 3, 4, 8),
        help="of HR to LR, in degradation, SR network, data and metric (default: what the config says)",
    )


def add_held_out(parser: argparse.ArgumentParser, purpose: str) -> None:
    """Add ``--val-hr`` and ``--val-lr``, to be read by :func:`held_out`."""
    parser.add_argument("--val-hr", metavar="DIR", help=f"HR images of held-out pairs {purpose}; with --val-lr")
    parser.add_argument("--val-lr", metavar="DIR", help="the LR images of these pairs, with the same names")


def held_out(args: argparse.Namespace) -> tuple[str, str] | None:
    """Return the folders of held-out HR and LR images, or None without them.

    Raises:
        UserError: one without the other.
    """
    if (args.val_hr is None) != (args.val_lr is None):
        raise UserError("--val-hr and --val-lr go together: the HR and the LR images of held-out pairs.")
    return (args.val_hr, args.val_lr) if args.val_hr else None


def add_config_options(parser: argparse.ArgumentParser, meaning: str) -> None:
    """Add ``--cfg-options KEY=VALUE ...``, to be read by :func:`key_values`. Given twice, both count."""
    parser.add_argument("--cfg-options", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help=meaning)


def add_tiles(parser: argparse.ArgumentParser) -> None:
    """Add ``--tile``, ``--overlap`` and ``--device`` of a network that runs on whole images."""
    parser.add_argument(
        "--tile", type=tile, default="auto", help="side of a tile in LR pixels, 'auto' or 'none' (default: auto)"
    )
    parser.add_argument("--overlap", type=at_least(0), default=32, help="LR pixels that tiles share (default: 32)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:<number> (default: auto)")


def add_skip_existing(parser: argparse.ArgumentParser) -> None:
    """Add ``--skip-existing`` of a command that writes one file for each file of a folder."""
    parser.add_argument(
        "--skip-existing", action="store_true", help="leave results that are there, to continue a run that was stopped"
    )


def tile(text: str) -> int | str | None:
    """Read ``none`` as None, and the rest as :func:`number_or_word`."""
    return None if text == "none" else number_or_word(text)


def number_or_word(text: str) -> int | str:
    """Read digits as a number; words such as ``auto`` stay, and what takes them judges them."""
    return int(text) if text.isdigit() else text


def key_values(options: Iterable[str]) -> dict[str, Any]:
    """Read ``["a.b=3", "c=[1, 2]", "d=word"]`` as ``{"a.b": 3, "c": [1, 2], "d": "word"}``.

    Values are Python literals; ``true`` and ``false`` are understood in any case. Everything else is text. So is
    ``none``, which names a norm and a precision; None is written ``None``.

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
    """Make an argparse type of whole numbers from ``smallest`` on."""

    def read(text: str) -> int:
        with suppress(ValueError):
            if (number := int(text)) >= smallest:
                return number
        raise argparse.ArgumentTypeError(f"expected a whole number, {smallest} or more; found {text!r}")

    return read


def positive(text: str) -> float:
    """Read a finite number above 0, as an argparse type."""
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
