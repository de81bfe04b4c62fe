"""Config files: reading them, and refusing what nothing would read."""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config

from cyclesr import registry
from cyclesr.errors import UserError, did_you_mean

OWN_KEYS = {"custom_imports"}
DATALOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")
LOOP_CONFIGS = ("train_cfg", "val_cfg", "test_cfg")
MODEL_PARTS = {
    "degradation": registry.DEGRADATIONS,
    "translator": registry.TRANSLATORS,
    "sr": registry.SR_BACKBONES,
    "sr_loss": registry.LOSSES,
}
# What mmengine adds to the arguments in a config.
SUPPLIED = {registry.LOOPS: {"runner", "dataloader", "evaluator"}, registry.DATA_SAMPLERS: {"dataset"}}


def load_config(path: str, options: dict[str, Any] | None = None) -> Config:
    """Reads a config file and lays command-line options over it.

    Modules beside the config, and in the current folder, can be imported from then on: by its ``custom_imports`` and
    by dotted paths in it.

    Args:
        path: a Python config in mmengine's text style.
        options: dotted keys and values, ``{"model.sr.type": "VDSR"}``.

    Raises:
        UserError: no such file, an error in it, or an option whose parent is not a dict.
    """
    if not Path(path).is_file():
        raise UserError(
            f"There is no config file {path!r}. The configs of cyclesr are in the folder configs/: run from the folder "
            "of the repository."
        )
    _look_for_modules_in(Path(path).resolve().parent, Path.cwd())
    try:
        config = Config.fromfile(path, lazy_import=False)
        config.merge_from_dict(options or {})
    except Exception as error:
        raise UserError(f"The config {path} cannot be read: {type(error).__name__}: {error}") from error
    return config


def _look_for_modules_in(*folders: Path) -> None:
    """Behind all other places, so that no file beside a config takes the place of an installed package."""
    sys.path += [name for name in dict.fromkeys(map(str, folders)) if name not in sys.path]


def train_on(config: Config, hr: str, real: str) -> None:
    """Points a training at two folders, all of their images, and leaves validation out: they have no pairs.

    Args:
        config: changed in place.
        hr: folder of sharp images.
        real: folder of the LR images that the SR network is for.

    Raises:
        UserError: a config that does not train from unpaired folders.
    """
    data = config.train_dataloader.dataset
    if not {"hr", "real"} <= data.keys():
        raise UserError(
            f"--hr and --real are for trainings from unpaired images; the training data of this config is "
            f"{data.get('type')}({', '.join(key for key in data if key != 'type')}). Set its folders by --cfg-options."
        )
    data.update(hr=hr, real=real)
    for name in ("hr_range", "real_range"):
        data.pop(name, None)
    for name in (*DATALOADERS[1:], *LOOP_CONFIGS[1:], "val_evaluator", "test_evaluator"):
        config[name] = None


def check_config(config: Config) -> None:
    """Looks for mistakes before anything is built.

    Names that start with an underscore are a config file's own variables.

    Raises:
        UserError: a top-level key, a registered name or an argument that nothing knows; the message names the nearest.
    """
    from mmengine.runner import Runner
    from torch.utils.data import DataLoader

    known = {*inspect.signature(Runner).parameters, *OWN_KEYS} - {"cfg"}
    for name in config:
        if not name.startswith("_") and name not in known:
            inner = [path for key in known & config.keys() for path in _paths_to(name, config[key], key)]
            near = f" Did you mean {' or '.join(sorted(inner))}?" if inner else did_you_mean(name, known)
            raise UserError(f"Nothing reads the key {name!r} of the config.{near}")
    accepted = {*inspect.signature(DataLoader).parameters, "num_batch_per_epoch"}
    for name in DATALOADERS:
        _refuse_unknown(name, config.get(name) or {}, accepted)
    for where, cfg in _described_objects(config):
        where.check(cfg, SUPPLIED.get(where, ()))
    _refuse_several_scales(config)


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


def _refuse_several_scales(config: Config) -> None:
    model = config.get("model") or {}
    parts: dict[str, Any] = {f"model.{name}": model.get(name) for name in MODEL_PARTS}
    parts |= {f"{name}.dataset": (config.get(name) or {}).get("dataset") for name in DATALOADERS}
    scales = {f"{where}.scale": part["scale"] for where, part in parts.items() if "scale" in (part or {})}
    if len(set(scales.values())) > 1:
        found = ", ".join(f"{name}={scale}" for name, scale in scales.items())
        raise UserError(f"All parts of an experiment have one scale; this config has {found}.")


def _described_objects(config: Config) -> Iterator[tuple[registry.Registry, dict[str, Any]]]:
    """Every config dict with a ``type``, but for optimizers and their schedules, beside the registry of its kind."""
    model = config.get("model") or {}  # a config to score bicubic under needs none, and no sampler
    if model:
        yield registry.MODELS, model
    for name, kind in MODEL_PARTS.items():
        if "type" in (model.get(name) or {}):
            yield kind, model[name]
    for name in DATALOADERS:
        loader = config.get(name) or {}
        for part, kind in (("dataset", registry.DATASETS), ("sampler", registry.DATA_SAMPLERS)):
            if part in loader:
                yield kind, loader[part]
    for name in LOOP_CONFIGS:
        if "type" in (config.get(name) or {}):
            yield registry.LOOPS, config[name]
    for hook in [*(config.get("default_hooks") or {}).values(), *(config.get("custom_hooks") or [])]:
        if hook:
            yield registry.HOOKS, hook
    for name in ("val_evaluator", "test_evaluator"):
        evaluator = config.get(name) or []
        for metric in [evaluator] if isinstance(evaluator, dict) else evaluator:
            yield registry.METRICS, metric
