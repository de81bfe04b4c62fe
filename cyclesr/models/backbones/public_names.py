"""Renaming of weights that other programs published."""

import re
from collections.abc import Iterable

from torch import Tensor


def renamed(weights: dict[str, Tensor], rules: Iterable[tuple[str, str]]) -> dict[str, Tensor]:
    r"""Renames weights with the first rule that matches the whole name. Names without a matching rule are kept.

    Args:
        weights: weights by name.
        rules: pairs of a regular expression and its replacement, such as ``(r"head\.0\.(.+)", r"head.\1")``.
    """
    compiled = [(re.compile(pattern), replacement) for pattern, replacement in rules]
    return {_renamed(name, compiled): weight for name, weight in weights.items()}


def _renamed(name: str, rules: list[tuple[re.Pattern[str], str]]) -> str:
    for pattern, replacement in rules:
        if pattern.fullmatch(name):
            return pattern.sub(replacement, name)
    return name
