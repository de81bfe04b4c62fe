"""What a class says of itself for ``cyclesr list`` and the catalogue."""

import inspect
from typing import Any, NamedTuple


class Paper(NamedTuple):
    """The publication that a class implements.

    Attributes:
        citation: for instance ``Lim et al., CVPRW 2017``.
        address: for instance ``https://arxiv.org/abs/1707.02921``, or empty.
    """

    citation: str
    address: str = ""


class Variant(NamedTuple):
    """One of the networks that a class makes, where it makes several.

    Attributes:
        arguments: of the constructor, in addition to the scale.
        summary: what the network is, in one line.
        paper: of the network.
    """

    arguments: dict[str, Any]
    summary: str
    paper: Paper | None = None


def paper_of(kind: type) -> Paper | None:
    """Returns the class's own attribute ``PAPER``; a base class's does not count."""
    return vars(kind).get("PAPER")


def summary_of(kind: type) -> str:
    """Returns the class's own attribute ``SUMMARY``, by default the first line of its docstring."""
    return vars(kind).get("SUMMARY") or first_line(kind.__doc__ or "")


def first_line(docstring: str) -> str:
    """Returns the first line of a docstring without the final stop, code in single backticks as in Markdown."""
    return inspect.cleandoc(docstring).partition("\n")[0].replace("``", "`").rstrip(".:")
