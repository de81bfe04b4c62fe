"""The rows of the list of configs: the parts of each config and its description."""

import re
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

from cyclesr.config import read_config


class ConfigRow(NamedTuple):
    """A row of the list of configs.

    Attributes:
        name: path relative to the folder of the configs, without ``.py``.
        method: type of the model.
        translator: type of the translator, or empty.
        backbone: type of the SR network.
        line: first sentence of the comment at the beginning of the file.
    """

    name: str
    method: str
    translator: str
    backbone: str
    line: str


def config_row(name: str, path: Path) -> ConfigRow:
    """Reads a config and returns its row."""
    model = read_config(path).model
    return ConfigRow(
        name, model.type, _type_of(model.get("translator")), _type_of(model.get("sr")), _first_comment(path)
    )


def _type_of(config: dict[str, Any] | None) -> str:
    return str((config or {}).get("type", "")).rpartition(".")[2]


def _first_comment(path: Path) -> str:
    """Returns the first sentence of the comment at the beginning of the file."""
    lines = takewhile(lambda line: line.startswith("#"), path.read_text(encoding="utf-8").splitlines())
    comment = " ".join(line.lstrip("# ") for line in lines)
    sentences = re.split(r"\. (?=[A-Z])|[.:] (?:python|cyclesr) ", comment)  # does not split "Bulat et al. of Table 1"
    return sentences[0].rstrip(".:")
