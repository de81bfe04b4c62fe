"""One entry a class: its name, size, paper, and its own first line."""

import inspect
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import torch

from cyclesr.catalogue.complexity import SIDE, macs, parameters
from cyclesr.catalogue.docstrings import paper, summary
from cyclesr.errors import UserError, did_you_mean
from cyclesr.registry import LOSSES, SR_BACKBONES, TRANSLATORS, Registry

SCALE = 4  # of all that is measured and has one


class Entry(NamedTuple):
    """A line of a list.

    Attributes:
        name: in configs.
        parameters: with default arguments; None where the class cannot be built of these alone.
        macs: multiply-accumulates for an LR image of 64x64; None likewise.
        arguments: of the constructor, with their defaults.
        paper: ``Lim et al., CVPRW 2017``, or empty.
        address: of the paper, or empty.
        line: what it is.
    """

    name: str
    parameters: int | None
    macs: int | None
    arguments: str
    paper: str
    address: str
    line: str


Measure = Callable[[type], tuple[int | None, int | None]]


def entries(kinds: str, pattern: str = "*") -> list[Entry]:
    """What is registered, plugins too, in the order of the names.

    Args:
        kinds: a key of :data:`LISTS`.
        pattern: of names, see :func:`matches`.

    Raises:
        UserError: no name fits.
    """
    registry, measure = LISTS[kinds]
    return [_entry(name, kind, measure) for name, kind in matching(classes(registry), pattern, kinds).items()]


def classes(registry: Registry) -> dict[str, type]:
    """Everything that is registered, plugins too, in the order of the names."""
    registry.import_from_location()
    return dict(sorted(registry.module_dict.items(), key=lambda item: item[0].lower()))


def matching(found: dict[str, Any], pattern: str, kinds: str) -> dict[str, Any]:
    """Those whose name has a part, ``edsr``, or fits a pattern, ``*srresnet`` or ``demo/*``; in any case.

    Raises:
        UserError: none does; the message has the nearest.
    """
    wanted = pattern.lower()
    fitting = {n: v for n, v in found.items() if wanted in n.lower() or fnmatchcase(n.lower(), wanted)}
    if not fitting:
        raise UserError(f"None of the {len(found)} {kinds} fits {pattern!r}.{did_you_mean(pattern, found)}")
    return fitting


def _entry(name: str, kind: type, measure: Measure) -> Entry:
    arguments = ", ".join(_argument(p) for p in inspect.signature(kind).parameters.values())
    return Entry(name, *measure(kind), arguments, *paper(kind), summary(kind))


def _argument(parameter: inspect.Parameter) -> str:
    return str(parameter.replace(annotation=parameter.empty))


def _measure_translator(kind: type) -> tuple[int | None, int | None]:
    """The parameters of all generators, and the MACs of ``degrade`` for LR images of 64x64."""
    with torch.device("meta"):
        translator = _by_default(kind)
        if translator is None:
            return None, None
        side = SIDE * SCALE if translator.from_hr else SIDE
        return parameters(translator.generators), macs(translator.degrade, side)


def _measure_backbone(kind: type) -> tuple[int | None, int | None]:
    with torch.device("meta"):
        network = _by_default(kind)
        return (parameters(network), macs(network)) if network else (None, None)


def _measure_nothing(kind: type) -> tuple[None, None]:
    return None, None


def _by_default(kind: type) -> Any:
    """The network that a scale of 4 and default arguments make.

    Returns:
        None where these do not suffice, or where ``**arguments`` of another package's network say what is built.
    """
    taken = dict(inspect.signature(kind).parameters)
    arguments = {"scale": SCALE} if taken.pop("scale", None) else {}
    if any(parameter.default is parameter.empty for parameter in taken.values()):
        return None
    return kind(**arguments).eval()


LISTS: dict[str, tuple[Registry, Measure]] = {
    "translators": (TRANSLATORS, _measure_translator),
    "backbones": (SR_BACKBONES, _measure_backbone),
    "losses": (LOSSES, _measure_nothing),
}
