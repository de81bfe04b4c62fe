"""Reading a config file, and what its keys leave to others."""

import copy
import sys
from pathlib import Path
from typing import Any

from mmengine.config import Config

from cyclesr.config.channels import fill_channels
from cyclesr.config.names import find_config
from cyclesr.config.scale import fill_scale
from cyclesr.config.shapes import check_shapes
from cyclesr.errors import UserError


def load_config(name: str | Path, options: dict[str, Any] | None = None, scale: int | None = None) -> Config:
    """Reads a config, lays command-line options over it, and fills in what follows from the rest.

    Without a ``test_dataloader`` and a ``test_evaluator``, tests use those of validation. ``scale`` reaches every part
    that takes one, see :func:`~cyclesr.config.fill_scale`.

    Modules beside the config, and in the current folder, can be imported from then on: by its ``custom_imports`` and
    by dotted paths in it.

    Args:
        name: of one of cyclesr's configs, or a path, see :func:`~cyclesr.config.find_config`; a Python config in
            mmengine's text style.
        options: dotted keys and values, ``{"model.sr.type": "VDSR"}``.
        scale: what ``--scale`` says, in place of the config's.

    Raises:
        UserError: no such config, an error in it, an option whose parent is not a dict, a type that nothing knows, or
            two scales.
    """
    options = _with_scale(options or {}, scale)
    of_tests = {key: value for key, value in options.items() if key.startswith("test_")}
    config = read_config(name, {key: value for key, value in options.items() if key not in of_tests})
    _test_as_validated(config)
    _lay_over(config, of_tests)
    check_shapes(config)
    fill_scale(config)
    fill_channels(config)
    return config


def read_config(name: str | Path, options: dict[str, Any] | None = None) -> Config:
    """Reads a config as its file says it, with options over it; needs no torch.

    A file's own variables, whose names start with an underscore, are left out.

    Raises:
        UserError: see :func:`load_config`.
    """
    path = find_config(name)
    _look_for_modules_in(path.resolve().parent, Path.cwd())
    try:
        config = Config.fromfile(path, lazy_import=False)
    except (Exception, SystemExit) as error:  # a config is Python, which may call exit()
        raise UserError(f"The config {path} cannot be read: {type(error).__name__}: {error}") from error
    for key in [key for key in config if key.startswith("_")]:
        config.pop(key)
    _lay_over(config, options or {})
    return config


def _with_scale(options: dict[str, Any], scale: int | None) -> dict[str, Any]:
    if scale is None:
        return options
    if options.get("scale", scale) != scale:
        raise UserError(f"--scale is {scale}, but --cfg-options say scale={options['scale']}: leave one of them out.")
    return options | {"scale": scale}


def _lay_over(config: Config, options: dict[str, Any]) -> None:
    if variables := [key for key in options if key.startswith("_")]:
        raise UserError(
            f"Nothing reads the option {variables[0]!r}: it is a variable of a config file, which was read before. "
            "Give the keys that are made of it."
        )
    try:
        config.merge_from_dict(copy.deepcopy(options))  # mmengine takes '_delete_' out of them
    except Exception as error:
        given = ", ".join(f"{key}={value!r}" for key, value in options.items())
        raise UserError(
            f"The options {given} cannot be laid over the config {config.filename}: {type(error).__name__}: {error}"
        ) from error


def _test_as_validated(config: Config) -> None:
    for part in ("dataloader", "evaluator") if config.get("test_cfg") else ():
        if f"test_{part}" not in config:
            config[f"test_{part}"] = copy.deepcopy(config.get(f"val_{part}"))


def _look_for_modules_in(*folders: Path) -> None:
    """Behind all other places, so that no file beside a config takes the place of an installed package."""
    sys.path += [name for name in dict.fromkeys(map(str, folders)) if name not in sys.path]
