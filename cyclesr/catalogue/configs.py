"""One row per config file: what it pairs, and how it describes itself."""

import re
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

from cyclesr.config import read_config


class ConfigRow(NamedTuple):
    """A config in short.

    Attributes:
        name: path below the folder of the configs, without ``.py``.
        method: type of the model.
        translator: its type, or empty.
        backbone: type of the SR network.
        line: the first sentence of the file's first comment.
    """

    name: str
    method: str
    translator: str
    backbone: str
    line: str


def config_row(name: str, path: Path) -> ConfigRow:
    """Reads one config."""
    model = read_config(path).model
    return ConfigRow(
        name, model.type, _type_of(model.get("translator")), _type_of(model.get("sr")), _first_comment(path)
    )


def _type_of(config: dict[str, Any] | None) -> str:
    return str((config or {}).get("type", "")).rpartition(".")[2]


def _first_comment(path: Path) -> str:
    """Returns the first sentence of the comment that the file begins with."""
    lines = takewhile(lambda line: line.startswith("#"), path.read_text(encoding="utf-8").splitlines())
    comment = " ".join(line.lstrip("# ") for line in lines)
    return re.split(r"\. (?=[A-Z])|[.:] (?:python|cyclesr) ", comment)[0].rstrip(
        ".:"
    )  # "Bulat et al. of Table 1" goes on
