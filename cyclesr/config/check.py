"""Looking for mistakes in a config before anything is built."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from mmengine.config import Config

from cyclesr import registry
from cyclesr.config.channels import check_channels
from cyclesr.config.parts import DATALOADERS, parts_of
from cyclesr.config.scale import check_scale
from cyclesr.errors import UserError, did_you_mean
from cyclesr.signatures import Parameters, parameters_in

OWN_KEYS = {"custom_imports", "scale", "channels"}
# What mmengine adds to the arguments in a config.
SUPPLIED = {registry.LOOPS: {"runner", "dataloader", "evaluator"}, registry.DATA_SAMPLERS: {"dataset"}}


def check_config(config: Config) -> None:
    """Looks for mistakes before anything is built.

    Names that start with an underscore are a config file's own variables.

    Raises:
        UserError: a top-level key, a registered name or an argument that nothing knows; the message names the nearest.
    """
    known = {*_arguments("mmengine.runner.runner", "Runner"), *OWN_KEYS} - {"cfg"}
    for name in config:
        if not name.startswith("_") and name not in known:
            inner = [path for key in known & config.keys() for path in _paths_to(name, config[key], key)]
            near = f" Did you mean {' or '.join(sorted(inner))}?" if inner else did_you_mean(name, known)
            raise UserError(f"Nothing reads the key {name!r} of the config.{near}")
    accepted = {*_arguments("torch.utils.data.dataloader", "DataLoader"), "num_batch_per_epoch"}
    for name in DATALOADERS:
        _refuse_unknown(name, config.get(name) or {}, accepted)
    for part in parts_of(config):
        part.kind.check(part.config, SUPPLIED.get(part.kind, ()))
    check_scale(config)
    check_channels(config)


def _arguments(module: str, name: str) -> Parameters:
    """Returns the arguments of a class: from the source text, which is fast, or else from the class."""
    found = parameters_in(module, name)
    return inspect.signature(getattr(import_module(module), name)).parameters if found is None else found


def _paths_to(name: str, value: Any, path: str) -> Iterator[str]:
    """The dotted paths, below ``path``, that end in a key of this name."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        if key == name:
            yield f"{path}.{key}"
        yield from _paths_to(name, inner, f"{path}.{key}")


def _refuse_unknown(where: str, names: Any, known: set[str]) -> None:
    for name in names:
        if name not in known:
            raise UserError(f"Nothing reads the key {name!r} of {where}.{did_you_mean(name, known)}")
