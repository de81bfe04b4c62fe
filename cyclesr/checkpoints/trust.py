"""What a checkpoint's config may call: classes of networks, and nothing else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import nn

from cyclesr.errors import UserError
from cyclesr.registry import DEGRADATIONS, LOSSES, MODELS, SR_BACKBONES, TRANSLATORS


def refuse_what_is_no_network(config: dict[str, Any], path: str | Path) -> None:
    """Checks every ``type`` of a config, nested ones too: a file must not choose what else is called.

    Args:
        config: from a checkpoint.
        path: of the checkpoint, for the message.

    Raises:
        UserError: a ``type`` that is not a class derived from ``torch.nn.Module``.
    """
    for kind in _types(config):
        target = _look_up(kind)
        if not (isinstance(target, type) and issubclass(target, nn.Module)):
            raise UserError(f"The checkpoint {path} names {kind!r}, which is no class of networks; refused.")


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
