"""Measures the speed of the joint training step against a plain step in the order of the released code.

    python benchmarks/train_step.py --json train_step.json

Both steps train the same networks. ``ratio_default`` is the time of the plain step divided by that of ours with the
settings of the configs: channels_last "auto", and amp "auto", which is bfloat16 if the hardware supports it, else
float32. ``ratio_float32`` is the same with amp "none". ``utilisation`` is the number of floating-point operations per
second of our default step divided by that of a large matrix product in the same dtype. The JSON file has these three
for CycleGAN + VDSR, and all results under ``cases``.

    python benchmarks/train_step.py --profile --json profile.json

instead shows where the time of our default step goes, and how often it copies tensors, casts them and changes their
memory format; see step_profile.py.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from reference_step import ReferenceStep
from step_profile import StepProfile, profile_step
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from cyclesr.models.collaborative import CollaborativeSR
from cyclesr.optim.memory_format import ChannelsLast
from cyclesr.optim.parts import PartOptimizers, PartOptimizersConstructor
from cyclesr.optim.precision import autocast_dtype
from cyclesr.registry import MODELS
from cyclesr.text_tables import markdown_table

COLUMNS = (
    "case",
    "plain step",
    "default",
    "float32",
    "default, times faster",
    "float32, times faster",
    "utilisation",
)
CASES: dict[str, dict[str, Any]] = {
    "CycleGAN + VDSR": dict(translator=dict(type="CycleGAN"), sr=dict(type="VDSR", scale=4)),
    "UNIT + SRResNet": dict(translator=dict(type="UNIT"), sr=dict(type="SRResNet", scale=4, norm="batch")),
}
SMALL = dict(
    translator=dict(generator=dict(channels=8, num_blocks=1), discriminator=dict(channels=8, num_layers=1)),
    sr=dict(channels=8, num_blocks=1),
)


def build(case: str, small: bool, channels_last: ChannelsLast, device: torch.device) -> CollaborativeSR:
    """Builds the model of a case, with the same weights every time."""
    torch.manual_seed(0)
    parts = {name: {**cfg, **(SMALL[name] if small else {})} for name, cfg in CASES[case].items()}
    config = dict(
        type="CollaborativeSR",
        degradation=dict(type="Bicubic", scale=4),
        sr_loss=dict(type="MSELoss", weight=100.0),
        feedback_weight=100.0,
        optimisation="joint",
        channels_last=channels_last,
    )
    return MODELS.build({**config, **parts}).to(device).train()


def optimizers_of(model: CollaborativeSR, amp: str) -> PartOptimizers:
    """Builds the optimizers as the configs do."""
    adam = dict(optimizer=dict(type="Adam", lr=2e-4, betas=(0.9, 0.999)), clip_grad=dict(max_norm=50.0))
    parts = dict.fromkeys(("generators", "discriminators", "sr"), adam)
    return PartOptimizersConstructor(dict(amp=amp, **parts))(model)


def random_batch(lr: int, size: int, device: torch.device) -> dict[str, Tensor]:
    """Returns smooth random images, ``hr`` (size, 3, 4 lr, 4 lr) and ``real`` (size, 3, lr, lr)."""
    coarse = torch.rand(size, 3, 16, 16, device=device)
    hr = torch.nn.functional.interpolate(coarse, (4 * lr, 4 * lr), mode="bicubic").clamp(0, 1)
    return dict(hr=hr, real=torch.nn.functional.interpolate(hr, (lr, lr), mode="area").flip(0))


def wait(device: torch.device) -> None:
    """Waits until the device has finished its work."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def seconds(steps: dict[str, Callable[[], Any]], repeats: int, device: torch.device) -> dict[str, float]:
    """Returns the median time of each step. Steps run by turns, so that other load affects all of them."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for repeat in range(repeats + 1):  # the first is a warm-up
        for name, step in steps.items():
            wait(device)
            start = time.perf_counter()
            step()
            wait(device)
            if repeat:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def operations(step: Callable[[], Any]) -> int:
    """Returns the number of floating-point operations of a step's matrix products and convolutions."""
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()


def ceiling(side: int, dtype: torch.dtype, device: torch.device) -> float:
    """Returns the floating-point operations per second of a square matrix product, the best of ten."""
    a = torch.randn(side, side, device=device, dtype=dtype)
    best = float("inf")
    for _ in range(10):
        wait(device)
        start = time.perf_counter()
        a @ a
        wait(device)
        best = min(best, time.perf_counter() - start)
    return 2 * side**3 / best


def measure(case: str, args: argparse.Namespace, device: torch.device) -> dict[str, Any]:
    """Times the plain step and our steps, and counts their operations."""
    batch = random_batch(args.lr, args.batch, device)
    reference = ReferenceStep(build(case, args.small, False, device))
    steps: dict[str, Callable[[], Any]] = {"reference": lambda: reference(batch["hr"], batch["real"])}
    for name, amp in (("default", "auto"), ("float32", "none")):
        model = build(case, args.small, args.channels_last, device)
        optimizers = optimizers_of(model, amp)
        steps[name] = lambda model=model, optimizers=optimizers: model.train_step(batch, optimizers)
    dtype = autocast_dtype("auto", device) or torch.float32
    took = seconds(steps, args.repeats, device)
    flops, top = operations(steps["default"]), ceiling(args.matrix, dtype, device)
    return dict(
        ratio_default=took["reference"] / took["default"],
        ratio_float32=took["reference"] / took["float32"],
        utilisation=flops / took["default"] / top,
        seconds=took,
        operations=flops,
        operations_reference=operations(steps["reference"]),
        ceiling=top,
        dtype=str(dtype).removeprefix("torch."),
    )


def profiled(case: str, args: argparse.Namespace, device: torch.device) -> StepProfile:
    """Profiles our default step, after one to warm up."""
    model = build(case, args.small, args.channels_last, device)
    optimizers = optimizers_of(model, "auto")
    batch = random_batch(args.lr, args.batch, device)
    model.train_step(batch, optimizers)
    return profile_step(lambda: model.train_step(batch, optimizers), device)


def show_profiles(args: argparse.Namespace, device: torch.device) -> dict[str, Any]:
    """Prints the profile of each case, and returns them for the JSON file."""
    profiles = {case: profiled(case, args, device) for case in CASES}
    print("\n\n".join(found.table(case) for case, found in profiles.items()))
    return {case: found.results() for case, found in profiles.items()}


def main() -> None:
    """Runs the benchmark, prints a table and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--lr", type=int, default=120, help="side of the LR crops (default: 120, HR 480)")
    parser.add_argument("--batch", type=int, default=2, help="images per batch (default: 2; 16 on a large GPU)")
    parser.add_argument("--repeats", type=int, default=5, help="number of timings of each step (default: 5)")
    parser.add_argument("--matrix", type=int, default=4096, help="side of the matrix product (default: 4096)")
    parser.add_argument("--threads", type=int, default=2, help="number of torch threads (default: 2)")
    parser.add_argument("--small", action="store_true", help="use tiny networks, to test the script")
    parser.add_argument("--profile", action="store_true", help="show where the time goes instead")
    parser.add_argument(
        "--channels-last", action="store_const", const=True, default="auto", help="also where it is not the default"
    )
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    cases = show_profiles(args, device) if args.profile else {case: measure(case, args, device) for case in CASES}
    name = torch.cuda.get_device_name() if device.type == "cuda" else "cpu"
    settings = dict(device=name, lr=args.lr, batch=args.batch, threads=args.threads, torch=torch.__version__)
    if not args.profile:
        show_speed(cases)
        first = next(iter(cases.values()))
        settings |= {key: first[key] for key in ("ratio_default", "ratio_float32", "utilisation")}
    if args.json:
        args.json.write_text(json.dumps({**settings, "cases": cases}, indent=2) + "\n", encoding="utf-8")


def show_speed(cases: dict[str, dict[str, Any]]) -> None:
    """Prints the table of times."""
    rows = []
    for case, found in cases.items():
        times = [f"{found['seconds'][name]:.3f} s" for name in ("reference", "default", "float32")]
        ratios = [f"{found['ratio_default']:.2f}", f"{found['ratio_float32']:.2f}", f"{found['utilisation']:.0%}"]
        rows.append([case, *times, *ratios])
    print(markdown_table(COLUMNS, rows))


if __name__ == "__main__":
    main()
