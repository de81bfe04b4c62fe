"""Builds the networks that a checkpoint describes.

The file may come from anybody: it calls no other code, and a small file does not fill the memory.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from cyclesr.checkpoints.trust import require_networks
from cyclesr.errors import UserError
from cyclesr.registry import Registry

# A network may build more parameters than its file stores, such as those of a perceptual loss that every run shares.
_FACTOR, _SPARE_TENSORS, _SPARE_VALUES = 4, 2000, 2**27


def build_described(registry: Registry, config: dict[str, Any], weights: Mapping[str, Any], path: str | Path) -> Any:
    """Builds a network, after checking that its config only names networks.

    Args:
        registry: kind of the network.
        config: its ``type`` and arguments, from the file.
        weights: weights of the file, which limit the size of the network.
        path: the file, for the messages.

    Raises:
        UserError: the config names something else than networks, arguments are missing, unknown or wrong, the network
            is much larger than the weights, or a weight is no plain tensor.
    """
    if "." not in str(config.get("type")):
        registry.get(str(config.get("type")))  # for an unknown name, its error lists those of this kind
    require_networks(config, path)
    _require_tensors(weights, path)
    with _no_larger_than(weights, path):
        try:
            return registry.build(config)
        except UserError:
            raise
        except Exception as error:  # constructors raise errors of any type for arguments that they do not expect
            raise UserError(
                f"The network in the checkpoint {path} cannot be built from {shortened(config)}: "
                f"{type(error).__name__}: {shortened(error)}"
            ) from error


def _require_tensors(weights: Mapping[str, Any], path: str | Path) -> None:
    named = isinstance(weights, Mapping) and all(isinstance(name, str) for name in weights)
    if not named or not all(map(_is_plain, weights.values())):
        raise UserError(f"The checkpoint {path} is damaged: its weights must be tensors of numbers, by name.")


def _is_plain(value: Any) -> bool:
    return isinstance(value, Tensor) and value.layout == torch.strided and not (value.is_quantized or value.is_meta)


@contextmanager
def _no_larger_than(weights: Mapping[str, Tensor], path: str | Path) -> Iterator[None]:
    """Raises a UserError as soon as a network that is built in the block has many more parameters than weights."""
    tensors = _FACTOR * len(weights) + _SPARE_TENSORS
    values = _FACTOR * sum(map(_stored_values, weights.values())) + _SPARE_VALUES
    built = [0, 0]

    def count(_module: nn.Module, _name: str, parameter: nn.Parameter | None) -> None:
        if parameter is not None and not isinstance(parameter, nn.parameter.UninitializedParameter):
            built[0] += 1
            built[1] += parameter.numel()
        if built[0] > tensors or built[1] > values:
            raise UserError(
                f"The checkpoint {path} describes a network that is much larger than the weights in it: it is damaged, "
                "or made to fill the memory."
            )

    handle = register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        handle.remove()


def _stored_values(value: Tensor) -> int:
    """Counts the values in the file: an expanded tensor has many of which one is stored."""
    return min(value.numel(), value.untyped_storage().nbytes() // value.element_size())


def shortened(text: object, length: int = 300) -> str:
    """Returns text for a message; what a file says can be long."""
    whole = " ".join(str(text).split())
    return whole if len(whole) <= length else f"{whole[:length]} ..."
