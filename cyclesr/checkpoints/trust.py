"""Safety check for the configs of checkpoints: they may only name classes of networks."""

import importlib.metadata
import os
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from torch import nn

from cyclesr.errors import UserError
from cyclesr.registry import DEGRADATIONS, LOSSES, MODELS, SR_BACKBONES, TRANSLATORS


def require_networks(config: dict[str, Any], path: str | Path) -> None:
    """Checks every ``type`` of a config, including nested ones, so that a checkpoint cannot call other code.

    A dotted path is imported only if its module has been imported before, is installed, or is on ``PYTHONPATH``. The
    current folder does not count, because a module there may have come with the checkpoint.

    Args:
        config: config of a checkpoint.
        path: path of the checkpoint, for the message.

    Raises:
        UserError: a ``type`` is not a subclass of ``torch.nn.Module``, or a module is not of the places above.
    """
    for kind in _types(config):
        if "." in kind:
            _require_installed(kind, path)
        target = _look_up(kind)
        if not (isinstance(target, type) and issubclass(target, nn.Module)):
            raise UserError(
                f"The checkpoint {path} was not loaded, because it names {kind!r}, which is not a class of networks."
            )


def _types(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "type" in value:
            yield str(value["type"])
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for element in value:
            yield from _types(element)


def _require_installed(kind: str, path: str | Path) -> None:
    package = kind.partition(".")[0]
    if package not in sys.modules and package in sys.stdlib_module_names:
        raise UserError(
            f"The checkpoint {path} was not loaded, because it names {kind!r}, which is not a class of networks."
        )
    if package not in sys.modules and not _is_installed(package):
        raise UserError(
            f"The checkpoint {path} was not loaded, because it names {kind!r}, and {package!r} is not installed. If "
            "you trust it, put its folder on PYTHONPATH."
        )


def _is_installed(package: str) -> bool:
    here = {"", os.getcwd()}
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    places = [place for place in sys.path if place not in here] + [place for place in named if place]
    return bool(PathFinder.find_spec(package, places)) or package in importlib.metadata.packages_distributions()


def _look_up(kind: str) -> Any:
    for registry in (SR_BACKBONES, TRANSLATORS, DEGRADATIONS, LOSSES):
        registry.import_from_location()
        if kind in registry.module_dict:
            return registry.module_dict[kind]
    return MODELS.get(kind)
