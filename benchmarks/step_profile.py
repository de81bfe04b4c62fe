"""Where the time of a training step goes, and how often it copies tensors, casts them and changes their memory format.

Used by train_step.py --profile, and by the tests that hold the counts of a step.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from cyclesr.text_tables import markdown_table

# An operation belongs to the first category that its own name matches, or else to that of the operation that calls it.
CATEGORIES = {
    "optimizers": r"Optimizer\.|_fused_|_foreach_",
    "copies and casts": r"aten::copy_$|aten::(clone|contiguous|_to_copy)$",
    "convolutions": r"conv",
    "norms": r"(group|batch|layer|instance)_norm|GroupNorm|BatchNorm|ChannelsLastNorm",
    "padding": r"(reflection|replication)_pad|ReflectionPad|ReflectionFold",
    "losses": r"mse_loss|l1_loss|smooth_l1|softplus|MseLoss|L1Loss",
}
OTHER = "everything else"


@dataclass(frozen=True)
class Copy:
    """One copy of a tensor of more than one value.

    Attributes:
        shape: of the tensor.
        is_cast: whether it has another type afterwards.
        changes_format: whether ``(N, C, H, W)`` lies in another order in memory afterwards.
        megabytes: what is written.
        callers: names of the operations that it is a part of, innermost first.
    """

    shape: tuple[int, ...]
    is_cast: bool
    changes_format: bool
    megabytes: float
    callers: tuple[str, ...]


@dataclass
class StepProfile:
    """What a profiled step did.

    Attributes:
        milliseconds: time by category; that of the device's kernels on a GPU, else that of the CPU.
        calls: number of operations by category.
        copies: every copy.
        operations: number of operations of torch, without those that they call.
        launches: number of kernels that a GPU ran; 0 on a CPU.
    """

    milliseconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys([*CATEGORIES, OTHER], 0.0))
    calls: Counter[str] = field(default_factory=Counter)
    copies: list[Copy] = field(default_factory=list)
    operations: int = 0
    launches: int = 0

    def kinds(self) -> dict[str, list[Copy]]:
        """Returns the copies by what they change; one that changes both is in two lists."""
        return {
            "copies": [copy for copy in self.copies if not (copy.is_cast or copy.changes_format)],
            "casts": [copy for copy in self.copies if copy.is_cast],
            "changes of the memory format": [copy for copy in self.copies if copy.changes_format],
        }

    def results(self) -> dict[str, Any]:
        """Returns the numbers for a JSON file."""
        counts = {name: len(copies) for name, copies in self.kinds().items()}
        return dict(milliseconds=self.milliseconds, operations=self.operations, launches=self.launches, **counts)

    def table(self, case: str) -> str:
        """Returns the profile as two Markdown tables."""
        total = sum(self.milliseconds.values())
        times = [
            (name, f"{took:.1f}", f"{took / total:.0%}", f"{self.calls[name]}")
            for name, took in self.milliseconds.items()
        ]
        counts = [(name, f"{len(c)}", f"{sum(x.megabytes for x in c):.0f}") for name, c in self.kinds().items()]
        counts += [("operations", f"{self.operations}", ""), ("kernel launches", f"{self.launches}", "")]
        titles = (case, "ms", "share", "operations"), ("per step", "number", "MB written")
        return "\n\n".join(map(markdown_table, titles, (times, counts)))


def profile_step(step: Callable[[], Any], device: torch.device) -> StepProfile:
    """Profiles one call of a training step, which should have run before.

    Args:
        step: the step.
        device: where it computes.
    """
    on_gpu = device.type == "cuda"
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]
    with profile(activities=activities, record_shapes=True) as profiler:
        step()
        if on_gpu:
            torch.cuda.synchronize()
    found = StepProfile()
    for event in profiler.events():
        category = _category(event)
        microseconds = event.self_device_time_total if on_gpu else event.self_cpu_time_total
        found.milliseconds[category] += microseconds / 1e3
        found.calls[category] += event.name.startswith("aten::")
        found.launches += "LaunchKernel" in event.name
    for event in profiler.profiler.kineto_results.experimental_event_tree():
        _count(event, (), found)
    return found


def _category(event: Any) -> str:
    while event is not None:
        for name, pattern in CATEGORIES.items():
            if re.search(pattern, event.name):
                return name
        event = event.cpu_parent
    return OTHER


def _count(event: Any, callers: tuple[str, ...], found: StepProfile) -> None:
    is_operation = event.name.startswith("aten::")
    found.operations += is_operation and not any(name.startswith("aten::") for name in callers)
    if event.name == "aten::copy_":
        found.copies += _copies(event, callers)
    for child in event.children:
        _count(child, (event.name, *callers), found)


def _copies(event: Any, callers: tuple[str, ...]) -> Iterator[Copy]:
    target, source = event.extra_fields.inputs[:2]
    if not all(hasattr(tensor, "strides") for tensor in (target, source)):
        return
    size = torch.Size(target.sizes).numel()
    if size > 1:
        megabytes = size * target.dtype.itemsize / 1e6
        changes = target.dtype != source.dtype, _layout(target) != _layout(source)
        yield Copy(tuple(target.sizes), *changes, megabytes, callers)


def _layout(tensor: Any) -> tuple[int, ...]:
    """Returns the order of the dimensions in memory; only images have one that matters here."""
    if len(tensor.sizes) != 4 or 0 in tensor.strides:
        return ()
    long = [dim for dim, size in enumerate(tensor.sizes) if size > 1]
    return tuple(sorted(long, key=lambda dim: tensor.strides[dim], reverse=True))
