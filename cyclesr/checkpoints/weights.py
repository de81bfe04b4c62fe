"""Loads weights into a network, with errors for missing and unexpected ones."""

import copy

from torch import Tensor, nn

from cyclesr.errors import UserError


def load_weights(network: nn.Module, weights: dict[str, Tensor], complaint: str) -> None:
    """Loads all weights of a network, or none of them if they do not fit.

    Args:
        network: the network.
        weights: weights by name.
        complaint: start of the message if they do not fit.

    Raises:
        UserError: names or shapes differ. The message says what was expected and what was found.
    """
    own = network.state_dict()
    missing, unknown = [n for n in own if n not in weights], [n for n in weights if n not in own]
    if missing or unknown:
        raise UserError(f"{complaint}: expected {_listed(missing)}, found {_listed(unknown)} instead.")
    before = copy.deepcopy(own)  # torch copies all weights that fit before it complains about the others
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        network.load_state_dict(before)
        first = str(error).splitlines()[1:2] or [str(error)]
        raise UserError(f"{complaint}: {first[0].strip()}") from error


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return (", ".join(map(str, names[:2])) + more) or "nothing else"
