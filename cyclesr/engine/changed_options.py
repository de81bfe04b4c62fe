"""Options that differ between a checkpoint and the training that resumes from it.

Most of them apply by themselves, because the training is built from its config: losses, weights of losses, stages,
batch size, precision. Those of the optimizers do not, because their state holds them; :func:`apply_changes` sets them.
"""

import inspect
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from mmengine.optim import _ParamScheduler

from cyclesr.errors import UserError
from cyclesr.inference.translator import read_assigned
from cyclesr.optim.parts import PartOptimizers
from cyclesr.optim.schedule import LinearDecayLR

COMPARED = (
    "scale",
    "model",
    "optim_wrapper",
    "param_scheduler",
    "train_dataloader",
    "custom_hooks",
    "randomness",
    "sync_bn",
)
_OF_THE_MACHINE = ("num_workers", "persistent_workers", "prefetch_factor", "pin_memory", "cache")
NOTHING = "nothing"


class Change(NamedTuple):
    """An option that has another value than before: its dotted key, and both values."""

    key: str
    former: Any
    present: Any

    def __str__(self) -> str:
        return f"{self.key} from {self.former} to {self.present}"


def former_options(checkpoint: dict[str, Any]) -> dict[str, Any] | None:
    """Returns the compared options of the training that wrote a checkpoint; None if it holds no readable config.

    The config is text, which is parsed and never executed.
    """
    text = (checkpoint.get("meta") or {}).get("cfg")
    try:
        return {name: read_assigned(text, name) for name in COMPARED} if isinstance(text, str) else None
    except (SyntaxError, ValueError, TypeError, RecursionError):
        return None


def changes(former: dict[str, Any], present: dict[str, Any]) -> list[Change]:
    """Returns the options that differ, without those of the machine, such as the number of workers."""
    one, other = (dict(_flat({name: options.get(name) for name in COMPARED})) for options in (former, present))
    found = [Change(key, one.get(key, NOTHING), other.get(key, NOTHING)) for key in {**one, **other}]
    return [c for c in found if c.former != c.present and c.key.rpartition(".")[2] not in _OF_THE_MACHINE]


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yields the leaves of nested dicts and lists by dotted keys. Lists of plain values are leaves, as are tuples."""
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, (list, tuple)) and any(isinstance(item, (dict, list, tuple)) for item in value):
        items = enumerate(value)
    elif value is not None:
        yield key, list(value) if isinstance(value, tuple) else value
    for name, inner in items:
        yield from _flat(inner, f"{key}.{name}" if key else str(name))


def refuse_changes(found: Iterable[Change]) -> None:
    """Looks for changes that a resumed training cannot apply.

    These are the random seed, whose generators the checkpoint holds; the scale; the kinds of optimizers; and learning-
    rate schedules, except for the fractions of ``LinearDecayLR``.

    Raises:
        UserError: there are some; the message names them.
    """
    refused = [change for change in found if not _applies(change.key)]
    if refused:
        raise UserError(
            f"--resume cannot change {'; '.join(map(str, refused))}: give the former value, or start another training "
            "from the weights with --cfg-options load_from=CHECKPOINT and another --work-dir."
        )


def _applies(key: str) -> bool:
    first, *inner = key.split(".")
    if first == "param_scheduler":
        return inner[-1] in _own_arguments(LinearDecayLR)
    if first == "optim_wrapper":
        return inner[-2:] != ["optimizer", "type"]
    return key not in ("scale", "randomness.seed")


def _own_arguments(kind: type) -> set[str]:
    """Returns the named arguments of a class, which ``LinearDecayLR`` keeps when it loads the state of a schedule."""
    return {p.name for p in inspect.signature(kind).parameters.values() if p.kind is p.KEYWORD_ONLY}


def apply_changes(
    found: Iterable[Change], optimizers: PartOptimizers, schedulers: dict[str, list[_ParamScheduler]] | None
) -> None:
    """Sets changed options of optimizers, which their loaded states have overwritten. Schedules scale with the rates.

    Args:
        found: changes of options; those of other things are ignored.
        optimizers: with the loaded states.
        schedulers: of the parts, with their loaded states.
    """
    for key in (change.key for change in found):
        first, *inner = key.split(".")
        if first == "optim_wrapper" and inner[1:2] == ["optimizer"] and inner[0] in optimizers.optim_wrappers:
            _apply(inner[2], optimizers[inner[0]].optimizer, (schedulers or {}).get(inner[0], []))


def _apply(name: str, optimizer: Any, schedulers: list[_ParamScheduler]) -> None:
    for group in optimizer.param_groups:
        if name == "lr":
            _scale_rate(group, optimizer.defaults["lr"])
        elif name in optimizer.defaults:
            group[name] = optimizer.defaults[name]
    for scheduler in schedulers if name == "lr" else ():
        scheduler.base_values = [group["initial_lr"] for group in optimizer.param_groups]
        scheduler._last_value = [group["lr"] for group in optimizer.param_groups]


def _scale_rate(group: dict[str, Any], initial: float) -> None:
    """Sets the initial learning rate of a group, and its present one so that their ratio stays."""
    former = group.get("initial_lr", group["lr"])
    group["lr"] = group["lr"] / former * initial if former else initial
    if "initial_lr" in group:
        group["initial_lr"] = initial
