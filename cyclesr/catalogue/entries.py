"""The lines of the lists: one entry per class, plugins included."""

import inspect
import warnings
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, TypeVar

from cyclesr.catalogue.sizes import Size, size_of_backbone, size_of_translator
from cyclesr.descriptions import Paper, Variant, first_line, paper_of, summary_of
from cyclesr.errors import UserError, did_you_mean
from cyclesr.registry import LOSSES, SR_BACKBONES, TRANSLATORS, Registry

Found = TypeVar("Found")


class Entry(NamedTuple):
    """A line of a list.

    Attributes:
        name: name in configs.
        parameters: number of parameters with default arguments, or ``None`` if the class needs other arguments.
        macs: multiply-accumulates for an LR image of 64x64, or ``None`` if the class needs other arguments or they
            depend on the values of the image.
        arguments: arguments of the constructor with their defaults.
        paper: the publication that the class implements.
        line: description in one line.
    """

    name: str
    parameters: int | None = None
    macs: int | None = None
    arguments: str = ""
    paper: Paper | None = None
    line: str = ""


Measure = Callable[[type, dict[str, Any]], Size]


class Listed(NamedTuple):
    """A class, or one of its variants."""

    kind: type
    variant: Variant | None = None


def entries(kinds: str, pattern: str = "*") -> list[Entry]:
    """Returns the entries of a list, sorted by name. The adversarial losses follow the other losses.

    Args:
        kinds: a key of :data:`LISTS`.
        pattern: pattern of the names, see :func:`matching`.

    Raises:
        UserError: no name matches.
    """
    registry, measure = LISTS[kinds]
    found: dict[str, Listed | Entry] = dict(listed(registry))
    if kinds == "losses":
        found |= {entry.name: entry for entry in ADVERSARIAL}
    fitting = matching(found, pattern, kinds)
    return [what if isinstance(what, Entry) else _entry(name, what, measure) for name, what in fitting.items()]


def listed(registry: Registry) -> dict[str, Listed]:
    """Returns every class by name, followed by its variants such as ``Spandrel(arch="HAT")``."""
    found = {}
    for name, kind in classes(registry).items():
        found[name] = Listed(kind)
        for made in kind.variants() if hasattr(kind, "variants") else ():
            variant = Variant(*made)  # plugins may give a plain tuple
            given = ", ".join(
                f'{key}="{value}"' if isinstance(value, str) else f"{key}={value}"
                for key, value in variant.arguments.items()
            )
            found[f"{name}({given})"] = Listed(kind, variant)
    return found


def classes(registry: Registry) -> dict[str, type]:
    """Returns all registered classes, including plugins, sorted by name."""
    registry.import_from_location()
    return dict(sorted(registry.module_dict.items(), key=lambda item: item[0].lower()))


def matching(found: Mapping[str, Found], pattern: str, kinds: str) -> dict[str, Found]:
    """Returns the items whose name contains the pattern or matches it, regardless of case.

    Args:
        found: items by name.
        pattern: part of a name, such as ``edsr``, or a pattern, such as ``*srresnet`` or ``demo/*``.
        kinds: what the items are, for the message.

    Raises:
        UserError: no name matches. The message has the nearest name.
    """
    wanted = pattern.lower()
    fitting = {n: v for n, v in found.items() if wanted in n.lower() or fnmatchcase(n.lower(), wanted)}
    if not fitting:
        raise UserError(f"None of the {len(found)} {kinds} matches {pattern!r}.{did_you_mean(pattern, found)}")
    return fitting


def _entry(name: str, what: Listed, measure: Measure) -> Entry:
    arguments = ", ".join(_argument(p) for p in inspect.signature(what.kind).parameters.values())
    with warnings.catch_warnings():  # constructors of plugins may warn
        warnings.simplefilter("ignore")
        if what.variant:
            size = measure(what.kind, what.variant.arguments)
            return Entry(name, *size, arguments, what.variant.paper, first_line(what.variant.summary))
        return Entry(name, *measure(what.kind, {}), arguments, paper_of(what.kind), summary_of(what.kind))


def _argument(parameter: inspect.Parameter) -> str:
    return str(parameter.replace(annotation=parameter.empty))


LISTS: dict[str, tuple[Registry, Measure]] = {
    "translators": (TRANSLATORS, size_of_translator),
    "backbones": (SR_BACKBONES, size_of_backbone),
    "losses": (LOSSES, lambda kind, arguments: (None, None)),
}
# Adversarial losses, which are not classes: configs choose them by the value of an argument.
ADVERSARIAL = (
    Entry(
        "lsgan",
        arguments='adversarial="lsgan"',
        paper=Paper("Mao et al. 2017", "https://arxiv.org/abs/1611.04076"),
        line="Least squares to 0 and 1",
    ),
    Entry(
        "vanilla",
        arguments='adversarial="vanilla"',
        paper=Paper("Goodfellow et al. 2014", "https://arxiv.org/abs/1406.2661"),
        line="Cross entropy, not saturating",
    ),
    Entry(
        "hinge",
        arguments='adversarial="hinge"',
        paper=Paper("Lim & Ye 2017", "https://arxiv.org/abs/1705.02894"),
        line="Hinge of the discriminator",
    ),
    Entry(
        "wgan-gp",
        arguments='adversarial="wgan-gp"',
        paper=Paper("Gulrajani et al. 2017", "https://arxiv.org/abs/1704.00028"),
        line="Wasserstein critic with gradient penalty",
    ),
    Entry(
        "ragan",
        arguments='sr_adversarial=dict(mode="ragan")',
        paper=Paper("Jolicoeur-Martineau 2019", "https://arxiv.org/abs/1807.00734"),
        line="Relativistic average, only for D_h",
    ),
    Entry(
        "R1",
        arguments="r1_weight=10.0",
        paper=Paper("Mescheder et al. 2018", "https://arxiv.org/abs/1801.04406"),
        line="Squared slope at real images",
    ),
)
