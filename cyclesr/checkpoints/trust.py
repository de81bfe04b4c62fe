"""Safety check for the configs of checkpoints: they may only name classes of networks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import nn

from cyclesr.errors import UserError
from cyclesr.registry import DEGRADATIONS, LOSSES, MODELS, SR_BACKBONES, TRANSLATORS


def require_networks(config: dict[str, Any], path: str | Path) -> None:
    """Checks every ``type`` of a config, including nested ones, so that a checkpoint cannot call other code.

    Args:
        config: config of a checkpoint.
        path: path of the checkpoint, for the message.

    Raises:
        UserError: a ``type`` is not a subclass of ``torch.nn.Module``.
    """
    for kind in _types(config):
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


def _look_up(kind: str) -> Any:
    for registry in (SR_BACKBONES, TRANSLATORS, DEGRADATIONS, LOSSES):
        registry.import_from_location()
        if kind in registry.module_dict:
            return registry.module_dict[kind]
    return MODELS.get(kind)
