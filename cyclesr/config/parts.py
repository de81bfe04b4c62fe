"""The parts of a config: each dict with a ``type``, where it stands, and the registry of its kind."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from mmengine.config import Config

from cyclesr import registry

DATALOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")
LOOP_CONFIGS = ("train_cfg", "val_cfg", "test_cfg")
EVALUATORS = ("val_evaluator", "test_evaluator")
MODEL_PARTS = {
    "degradation": registry.DEGRADATIONS,
    "translator": registry.TRANSLATORS,
    "sr": registry.SR_BACKBONES,
    "sr_loss": registry.LOSSES,
}


class Part(NamedTuple):
    """A part of a config.

    Attributes:
        path: its dotted key, such as ``model.sr``.
        kind: the registry that knows its ``type``.
        config: its ``type`` and arguments.
    """

    path: str
    kind: registry.Registry
    config: dict[str, Any]


def parts_of(config: Config) -> Iterator[Part]:
    """Yields all parts but optimizers and their schedules; some may lack their ``type``."""
    yield from _of_model(config.get("model") or {})
    yield from _of_data(config)
    for name in LOOP_CONFIGS:
        if "type" in (config.get(name) or {}):
            yield Part(name, registry.LOOPS, config[name])
    for name, hook in _hooks(config):
        yield Part(name, registry.HOOKS, hook)
    for name in EVALUATORS:
        metrics = config.get(name) or []
        for path, metric in [(name, metrics)] if isinstance(metrics, dict) else _numbered(name, metrics):
            yield Part(path, registry.METRICS, metric)


def _of_model(model: dict[str, Any]) -> Iterator[Part]:
    if model:  # a config to score bicubic under needs none
        yield Part("model", registry.MODELS, model)
    for name, kind in MODEL_PARTS.items():
        if "type" in (model.get(name) or {}):
            yield Part(f"model.{name}", kind, model[name])


def _of_data(config: Config) -> Iterator[Part]:
    for name in DATALOADERS:
        loader = config.get(name) or {}
        for part, kind in (("dataset", registry.DATASETS), ("sampler", registry.DATA_SAMPLERS)):
            if part in loader:
                yield Part(f"{name}.{part}", kind, loader[part])


def _hooks(config: Config) -> Iterator[tuple[str, dict[str, Any]]]:
    """All hooks that are not switched off."""
    defaults = {f"default_hooks.{key}": hook for key, hook in (config.get("default_hooks") or {}).items()}
    for path, hook in [*defaults.items(), *_numbered("custom_hooks", config.get("custom_hooks") or [])]:
        if hook:
            yield path, hook


def _numbered(name: str, items: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for index, item in enumerate(items):
        yield f"{name}.{index}", item
