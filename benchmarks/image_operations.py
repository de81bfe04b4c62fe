"""Measures norms, reflection padding and pixel shuffle: torch's, and those that keep channels_last on GPUs.

    python benchmarks/image_operations.py --json image_operations.json

Each is timed with its backward pass, within autocast if the type is bfloat16. Networks take torch's on CPUs, and on
GPUs the other ones where the images are in channels_last. Rows of the table: milliseconds of the best repeat, on CPUs
those that the process had a CPU. "One function" is what networks would take if norm, ReLU and padding were fused.

    python benchmarks/image_operations.py --step 64 --json image_operations.json

instead compares joint steps on LR crops of that side: one with torch's operations, one with those that networks take.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from unittest.mock import patch

import torch
import torch.nn.functional as F
from fused_block import NormReluReflect
from torch import Tensor
from train_step import CASES, build, optimizers_of, random_batch

from cyclesr.models.networks import convolution, image_norm, pixel_shuffle
from cyclesr.models.networks.convolution import ReflectionPad, reflect
from cyclesr.models.networks.image_norm import ChannelsLastNorm, normalise
from cyclesr.models.networks.pixel_shuffle import ChannelsLastShuffle
from cyclesr.text_tables import markdown_table

FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
Operation = Callable[[Tensor], Tensor]
OPERATIONS: dict[str, dict[str, Operation]] = {
    "instance norm": {
        "torch": lambda x: F.group_norm(x, x.shape[1]),
        "as networks on CPUs": lambda x: normalise(x, x.shape[1]),
        "own": lambda x: ChannelsLastNorm.apply(x, x.shape[1], None, None, 1e-5),
    },
    "layer norm": {
        "torch": lambda x: F.group_norm(x, 1),
        "as networks on CPUs": lambda x: normalise(x, 1),
        "own": lambda x: ChannelsLastNorm.apply(x, 1, None, None, 1e-5),
    },
    "reflection": {
        "torch": lambda x: F.pad(x, [1] * 4, mode="reflect"),
        "as networks on CPUs": lambda x: reflect(x, [1] * 4),
        "own": lambda x: ReflectionPad.apply(x, 1),
    },
    "norm, ReLU, reflection": {
        "torch": lambda x: F.pad(F.group_norm(x, x.shape[1]).relu_(), [1] * 4, mode="reflect"),
        "as networks on CPUs": lambda x: reflect(normalise(x, x.shape[1]).relu_(), [1] * 4),
        "own": lambda x: ReflectionPad.apply(ChannelsLastNorm.apply(x, x.shape[1], None, None, 1e-5).relu_(), 1),
        "one function": NormReluReflect.apply,
    },
    "pixel shuffle": {
        "torch": lambda x: F.pixel_shuffle(x, 2),
        "as networks on CPUs": lambda x: pixel_shuffle.pixel_shuffle(x, 2),
        "own": lambda x: ChannelsLastShuffle.apply(x, 2),
    },
}


def forward_and_backward(operation: Operation, image: Tensor) -> None:
    """Runs an operation as networks do: between activations, of which the next one takes the format that comes."""
    with torch.autocast(image.device.type, torch.bfloat16, enabled=image.dtype == torch.bfloat16):
        out = operation(image)
    torch.autograd.grad(out, image, torch.ones_like(out))


def best(operations: dict[str, Operation], image: Tensor, repeats: int) -> dict[str, float]:
    """Returns the milliseconds of each operation; they run by turns."""
    found, device = dict.fromkeys(operations, float("inf")), image.device
    for _ in range(repeats):
        for name, operation in operations.items():
            _wait(image)
            start = _clock(device)
            forward_and_backward(operation, image)
            _wait(image)
            found[name] = min(found[name], 1e3 * (_clock(device) - start))
    return found


def _clock(device: torch.device) -> float:
    """Returns seconds: of this process on a CPU, which other work on the machine does not change."""
    return time.perf_counter() if device.type == "cuda" else time.process_time()


def _wait(image: Tensor) -> None:
    if image.is_cuda:
        torch.cuda.synchronize()


@contextmanager
def torchs_operations() -> Iterator[None]:
    """Makes networks take torch's operations."""
    with (
        patch.object(image_norm, "normalise", F.group_norm),
        patch.object(convolution, "reflect", lambda x, margins: F.pad(x, list(margins), mode="reflect")),
        patch.object(pixel_shuffle, "pixel_shuffle", F.pixel_shuffle),
    ):
        yield


def steps(args: argparse.Namespace, device: torch.device) -> dict[str, dict[str, float]]:
    """Returns the seconds of steps with torch's operations and with those of networks, which run by turns."""
    results = {}
    for case in CASES:
        for type_name, amp in (("float32", "none"), ("bfloat16", "bf16")):
            for format_name in FORMATS:
                model = build(case, args.small, format_name == "channels_last", device)
                optimizers, batch = optimizers_of(model, amp), random_batch(args.step, args.batch, device)
                found = dict(torch=float("inf"), networks=float("inf"))
                for repeat in range(args.repeats + 1):  # the first is a warm-up
                    for way in found:
                        _wait(batch["hr"])
                        start = _clock(device)
                        with torchs_operations() if way == "torch" else nullcontext():
                            model.train_step(batch, optimizers)
                        _wait(batch["hr"])
                        if repeat:
                            found[way] = min(found[way], _clock(device) - start)
                results[f"{case}, {type_name}, {format_name}"] = found
    return results


def show_steps(results: dict[str, dict[str, float]]) -> None:
    """Prints the table of steps."""
    rows = [(case, f"{f['torch']:.2f} s", f"{f['networks']:.2f} s") for case, f in results.items()]
    print(markdown_table(("step", "torch's operations", "those that networks take"), rows))


def main() -> None:
    """Runs the benchmark, prints a table and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--batch", type=int, default=2, help="images per batch (default: 2; 32 on a large GPU)")
    parser.add_argument("--channels", type=int, default=256, help="channels (default: 256)")
    parser.add_argument("--side", type=int, default=30, help="side of the feature maps (default: 30)")
    parser.add_argument("--repeats", type=int, default=20, help="number of timings of each (default: 20)")
    parser.add_argument("--threads", type=int, default=1, help="number of torch threads (default: 1)")
    parser.add_argument("--step", type=int, metavar="LR", help="time joint steps on LR crops of this side instead")
    parser.add_argument("--small", action="store_true", help="use tiny networks in the steps, to test the script")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    results = steps(args, device) if args.step else operations(args, device)
    (show_steps if args.step else show_operations)(results)
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def operations(args: argparse.Namespace, device: torch.device) -> dict[str, dict[str, float]]:
    """Returns the milliseconds of each operation, type and memory format."""
    results = {}
    for type_name, dtype in TYPES.items():
        for format_name, memory_format in FORMATS.items():
            image = torch.rand(args.batch, args.channels, args.side, args.side, device=device).to(dtype)
            image = image.contiguous(memory_format=memory_format).requires_grad_()
            for name, ways in OPERATIONS.items():
                known = {k: o for k, o in ways.items() if k != "own" or format_name == "channels_last"}
                results[f"{name}, {type_name}, {format_name}"] = best(known, image, args.repeats)
    return results


def show_operations(results: dict[str, dict[str, float]]) -> None:
    """Prints the table of operations."""
    columns = ["torch", "as networks on CPUs", "own", "one function"]
    rows = [(case, *(f"{f[c]:.2f}" if c in f else "" for c in columns)) for case, f in results.items()]
    print(markdown_table(("ms", *columns), rows))


if __name__ == "__main__":
    main()
