"""Checks that the values of a config are dicts, lists and names where the rest of the library takes them for such."""

from collections.abc import Iterator
from typing import Any

from mmengine.config import Config

from cyclesr.errors import UserError

_LOADER = ("dataset", "sampler", "collate_fn", "batch_sampler")
_DICTS = (
    "model",
    *(f"model.{part}" for part in ("degradation", "translator", "sr", "sr_loss", "perceptual", "sr_adversarial")),
    "model.sr_adversarial.discriminator",
    *(f"{name}_{part}" for name in ("train", "val", "test") for part in ("dataloader", "cfg")),
    *(f"{name}_dataloader.{part}" for name in ("train", "val", "test") for part in _LOADER),
    "optim_wrapper",
    "default_hooks",
    "visualizer",
    "log_processor",
    "env_cfg",
    "env_cfg.dist_cfg",
    "env_cfg.mp_cfg",
    "randomness",
    "custom_imports",
)
_DICTS_OR_LISTS = ("val_evaluator", "test_evaluator", "param_scheduler")
_LISTS = ("custom_hooks", "model.degradation.steps")
_WHOLE_NUMBERS = ("train_dataloader.batch_size", "train_dataloader.dataset.crop", "train_dataloader.dataset.scale")
_PLAIN = (type(None), bool, int, float, complex, str, bytes, set, range)
_TEXTS = ("work_dir", "load_from", "experiment_name", "log_level", "default_scope", "launcher")


def check_shapes(config: Config) -> None:
    """Checks the kinds of values that every config may have.

    Raises:
        UserError: a value is of another kind; the message says which.
    """
    _require_plain("", config._cfg_dict)
    for path in _DICTS:
        _require(path, _at(config, path), dict, "a dict")
    for path in _LISTS:
        for inner, item in _items(path, _require(path, _at(config, path), (list, tuple), "a list")):
            _require(inner, item, dict, "a dict")
    for path in _DICTS_OR_LISTS:
        value = _require(path, _at(config, path), (dict, list, tuple), "a dict or a list of dicts")
        for inner, item in () if isinstance(value, dict) else _items(path, value):
            _require(inner, item, dict, "a dict")
    for name, hook in (config.get("default_hooks") or {}).items():
        _require(f"default_hooks.{name}", hook, dict, "a dict of arguments, or None to switch it off")
    for path in _WHOLE_NUMBERS:
        value = _require(path, _at(config, path), int, "a whole number from 1 on")
        if value is not None and (isinstance(value, bool) or value < 1):
            raise UserError(f"{path} of the config must be a whole number from 1 on, found {value!r}.")
    for path in _TEXTS:
        _require(path, config.get(path), str, "text")


def _require_plain(path: str, value: Any) -> None:
    """Raises a UserError for what cannot be written into the config that a training leaves in its work dir."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise UserError(f"{path or 'A key'} of the config must have names as keys, found {key!r:.100}.")
            _require_plain(f"{path}.{key}".lstrip("."), inner)
    elif isinstance(value, (list, tuple)):
        for inner, item in _items(path, value):
            _require_plain(inner, item)
    elif not isinstance(value, _PLAIN):
        raise UserError(
            f"{path} of the config must be a number, text, None, or a list or dict of these, found {value!r:.100}."
        )


def _at(config: Config, path: str) -> Any:
    value: Any = config
    for key in path.split("."):
        value = value.get(key) if isinstance(value, (dict, Config)) else None
    return value


def _require(path: str, value: Any, kind: type | tuple[type, ...], words: str) -> Any:
    if value is not None and not isinstance(value, kind):
        raise UserError(f"{path} of the config must be {words}, found {value!r:.100}.")
    return value


def _items(path: str, values: Any) -> Iterator[tuple[str, Any]]:
    for index, value in enumerate(values or ()):
        yield f"{path}.{index}", value
