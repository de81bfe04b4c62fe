"""One entry a class: its name, size, paper, and its own first line."""

import inspect
import warnings
from collections.abc import Callable
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import torch
from torch import Tensor

from cyclesr.catalogue.complexity import SIDE, macs, parameters
from cyclesr.catalogue.docstrings import first_line, paper, reference, summary
from cyclesr.errors import UserError, did_you_mean
from cyclesr.registry import LOSSES, SR_BACKBONES, TRANSLATORS, Registry

SCALE = 4  # of all that is measured and has one


class Entry(NamedTuple):
    """A line of a list.

    Attributes:
        name: in configs.
        parameters: with default arguments; None where the class cannot be built of these alone.
        macs: multiply-accumulates for an LR image of 64x64; None likewise, or where they depend on the image.
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


Size = tuple[int | None, int | None]  # parameters and MACs
Measure = Callable[["Listed"], Size]


class Listed(NamedTuple):
    """A class with the arguments that make one network of it; of most classes there is but the one without any."""

    kind: type
    arguments: dict[str, Any]
    text: str | None = None  # in place of its docstring

    def described(self) -> tuple[str, str, str]:
        """Paper, address, line."""
        if self.text is None:
            return *paper(self.kind), summary(self.kind)
        return *reference(self.text), first_line(self.text)


def entries(kinds: str, pattern: str = "*") -> list[Entry]:
    """What is registered, plugins too, in the order of the names; of losses, the adversarial ones as well.

    Args:
        kinds: a key of :data:`LISTS`.
        pattern: of names, see :func:`matches`.

    Raises:
        UserError: no name fits.
    """
    registry, measure = LISTS[kinds]
    found: dict[str, Any] = listed(registry) | (WORDS if kinds == "losses" else {})
    fitting = matching(found, pattern, kinds)
    return [
        Entry(name, None, None, what[0], *reference(what[1]), first_line(what[1]))
        if name in WORDS
        else _entry(name, what, measure)
        for name, what in fitting.items()
    ]


def listed(registry: Registry) -> dict[str, Listed]:
    """Every class, and after it, as ``Spandrel(arch="HAT")``, what its method ``variants`` says that it makes."""
    found = {}
    for name, kind in classes(registry).items():
        found[name] = Listed(kind, {})
        for arguments, text in kind.variants() if hasattr(kind, "variants") else ():
            given = ", ".join(
                f'{key}="{value}"' if isinstance(value, str) else f"{key}={value}" for key, value in arguments.items()
            )
            found[f"{name}({given})"] = Listed(kind, arguments, text)
    return found


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


def _entry(name: str, what: Listed, measure: Measure) -> Entry:
    arguments = ", ".join(_argument(p) for p in inspect.signature(what.kind).parameters.values())
    with warnings.catch_warnings():  # of anybody's constructors
        warnings.simplefilter("ignore")
        return Entry(name, *measure(what), arguments, *what.described())


def _argument(parameter: inspect.Parameter) -> str:
    return str(parameter.replace(annotation=parameter.empty))


def _measure_translator(what: Listed) -> Size:
    """The parameters of all generators, and the MACs of ``degrade`` for LR images of 64x64."""
    translator = _by_default(what)
    if translator is None:
        return None, None
    return parameters(translator.generators), _macs(translator.degrade, SIDE * SCALE if translator.from_hr else SIDE)


def _measure_backbone(what: Listed) -> Size:
    network = _by_default(what)
    return (parameters(network), _macs(network, SIDE)) if network else (None, None)


def _measure_nothing(_what: Listed) -> Size:
    return None, None


def _by_default(what: Listed) -> Any:
    """The network that a scale of 4, its arguments and defaults make, without memory for its weights.

    Returns:
        None where these do not suffice, or where ``**arguments`` of another package's network say what is built, or
        where it cannot be built, whose reason is its author's to know.
    """
    taken = inspect.signature(what.kind).parameters
    given = ({"scale": SCALE} if "scale" in taken else {}) | what.arguments
    free = [p for p in taken.values() if p.name not in given and p.default is p.empty]
    if any(p.kind is not p.VAR_KEYWORD or not what.arguments for p in free):
        return None
    with suppress(Exception), torch.device("meta"):
        return what.kind(**given).eval()
    with suppress(Exception):  # it computes with numbers while it is built
        return what.kind(**given).eval().to("meta")
    return None


def _macs(run: Callable[[Tensor], Tensor], side: int) -> int | None:
    with suppress(Exception), torch.device("meta"):
        return macs(run, side)
    return None  # it asks for the value of a number


LISTS: dict[str, tuple[Registry, Measure]] = {
    "translators": (TRANSLATORS, _measure_translator),
    "backbones": (SR_BACKBONES, _measure_backbone),
    "losses": (LOSSES, _measure_nothing),
}
# Losses that are words in a config: how they are asked for, and what they are.
WORDS = {
    "lsgan": ('adversarial="lsgan"', "Least squares to 0 and 1 (Mao et al. 2017), https://arxiv.org/abs/1611.04076"),
    "vanilla": (
        'adversarial="vanilla"',
        "Cross entropy, not saturating (Goodfellow et al. 2014), https://arxiv.org/abs/1406.2661",
    ),
    "hinge": ('adversarial="hinge"', "Hinge of the discriminator (Lim & Ye 2017), https://arxiv.org/abs/1705.02894"),
    "wgan-gp": (
        'adversarial="wgan-gp"',
        "Wasserstein critic with gradient penalty (Gulrajani et al. 2017), https://arxiv.org/abs/1704.00028",
    ),
    "ragan": (
        'sr_adversarial=dict(mode="ragan")',
        "Relativistic average, of D_h alone (Jolicoeur-Martineau 2019), https://arxiv.org/abs/1807.00734",
    ),
    "R1": ("r1_weight=10.0", "Squared slope at real images (Mescheder et al. 2018), https://arxiv.org/abs/1801.04406"),
}
