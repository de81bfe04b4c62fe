"""Layouts of published files of weights: which of their dicts and prefixes hold the SR network.

BasicSR and its relatives store dicts (``params``, ``params_ema``), mmagic and Lightning one dict for all networks of a
training, with a prefix each (``generator.``, ``generator_ema.``), and DataParallel and torch.compile prefix all names.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from torch import Tensor

# Names of dicts, the averaged weights first.
AVERAGED = ("params_ema", "params-ema", "state_dict_ema", "model_ema", "net_g_ema", "ema", "ema_state_dict")
CONTAINERS = (*AVERAGED, "params", "state_dict", "model_state_dict", "model", "net", "net_g", "netG", "generator")
# Prefixes of one network among others. No SR network has a part of such a name.
AVERAGED_PARTS = ("generator_ema.", "net_g_ema.", "netG_ema.", "ema_model.", "params_ema.", "params-ema.")
PARTS = (*AVERAGED_PARTS, "generator.", "net_g.", "netG.", "netSR.", "params.")
PREFIXES = ("module.", "_orig_mod.", "model.", "net.")  # of all names
COUNTERS = ("n_averaged", "initted", "step", "num_updates", "decay")  # what averages store beside their weights


class Found(NamedTuple):
    """The weights of a network in a file.

    Attributes:
        weights: tensors by name, without prefixes.
        averaged: the name of the dict or the prefix if they are averaged weights and the file has others too.
    """

    weights: dict[str, Tensor]
    averaged: str = ""


def find_weights(content: Mapping[str, Any], wanted: Collection[str] = ()) -> Found:
    """Finds the weights of the SR network in the content of a file. Averaged weights are preferred.

    Args:
        content: state dict, or dict that contains one.
        wanted: names of the network's weights, if known. Names that are already these lose no prefix.

    Returns:
        The weights; empty if there are none.
    """
    averaged = ""
    while (name := next((c for c in CONTAINERS if _is_full(content.get(c))), None)) is not None:
        averaged = averaged or _if_averaged(name, AVERAGED, content)
        content = content[name]
    weights = {name: value for name, value in content.items() if isinstance(name, str) and isinstance(value, Tensor)}
    while not (wanted and weights.keys() >= set(wanted)) and (shorter := _step(weights)) is not None:
        prefix, inner = shorter
        averaged = averaged or _if_averaged(prefix, AVERAGED_PARTS, weights)
        weights = inner
    return Found(weights, averaged.rstrip("."))


def _is_full(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value)


def _if_averaged(name: str, known: tuple[str, ...], among: Mapping[str, Any]) -> str:
    """Returns the name if it is one of averaged weights and the file has other weights of a network."""
    others = [key for key in among if isinstance(key, str) and not key.startswith(name)]
    rivals = [key for key in others if key in CONTAINERS or key.startswith(PARTS)]
    return name if name in known and rivals else ""


def _step(weights: Mapping[str, Tensor]) -> tuple[str, dict[str, Tensor]] | None:
    """Removes one prefix; None if none is left."""
    for prefix in PARTS:
        if inner := dict(_below(prefix, weights)):
            return prefix, inner
    for prefix in PREFIXES:
        inner = dict(_below(prefix, weights))
        rest = [name for name in weights if not name.startswith(prefix) and name not in COUNTERS]
        # ESRGAN's first release numbers the parts of its "model".
        if inner and not rest and not all(name[0].isdigit() for name in inner):
            return prefix, inner
    return None


def _below(prefix: str, weights: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    for name, value in weights.items():
        if name.startswith(prefix):
            yield name[len(prefix) :], value
