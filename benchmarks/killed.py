"""Kills a training at random moments in a row, resumes it each time, and compares it with one that was not disturbed.

    python benchmarks/killed.py --kills 50 --json killed.json

Each training is a process that gets SIGKILL. Weights, optimizers, schedules, random states and log must be equal bit by
bit at the end.
"""

import argparse
import json
import os
import random
import tempfile
import time
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch
from tiny_training import CONFIG, OPTIONS, write_images

from cyclesr.config import load_config
from cyclesr.engine.launch import train
from cyclesr.registry import MODELS
from cyclesr.text_tables import markdown_table

ITERATIONS_PER_KILL = 8
INTERVAL = 2  # iterations between checkpoints, so that many kills hit the writing of one
COMPARED = ("state_dict", "optimizer", "param_schedulers", "rank_states", "sr_network")


def training(root: Path, name: str, iterations: int, options: dict[str, Any]) -> None:
    """Trains without output in this process, and resumes if it can."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(quiet, stream)
    torch.set_num_threads(1)
    os.environ["CYCLESR_CACHE"] = str(root / "cache")
    train(CONFIG, work_dir=str(root / name), resume=True, device="cpu", options=options, iterations=iterations)


def started(*arguments: Any) -> BaseProcess:
    """Starts a training in a process that is forked from this one, which has imported all it needs."""
    process = get_context("fork").Process(target=training, args=arguments)
    process.start()
    return process


def ended(*arguments: Any) -> int | None:
    """Runs a training to its end, and returns its exit code."""
    process = started(*arguments)
    process.join()
    return process.exitcode


def killed(seconds: float, root: Path, name: str, *arguments: Any) -> bool:
    """Starts a training and kills it some seconds after its first new checkpoint; False if it had ended before."""
    before = {path.name for path in (root / name).glob("iter_*.pth")}
    process = started(root, name, *arguments)
    while process.is_alive() and {path.name for path in (root / name).glob("iter_*.pth")} <= before:
        time.sleep(0.005)
    time.sleep(seconds)
    running = process.is_alive()
    process.kill()
    process.join()
    return running


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Returns the paths at which two nested values differ; tensors are compared bit by bit."""
    if isinstance(one, torch.Tensor):
        return [] if torch.equal(one, other) else [path]
    if isinstance(one, dict):
        if one.keys() != other.keys():
            return [f"{path} (keys)"]
        return [found for key in one for found in differences(one[key], other[key], f"{path}.{key}")]
    if isinstance(one, (list, tuple)):
        if len(one) != len(other):
            return [f"{path} (length)"]
        return [found for i in range(len(one)) for found in differences(one[i], other[i], f"{path}.{i}")]
    return [] if one == other else [path]


def compared(work_dir: Path, iteration: int) -> dict[str, Any]:
    """Returns what must be equal in a checkpoint: its parts, and the log without times."""
    found = torch.load(work_dir / f"iter_{iteration}.pth", weights_only=True)
    scalars = found["message_hub"]["log_scalars"]
    return {part: found[part] for part in COMPARED} | {name: v for name, v in scalars.items() if "time" not in name}


def main() -> None:
    """Runs the benchmark, prints a table and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--kills", type=int, default=50, help="(default: 50)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    args = parser.parse_args()
    moments, iterations = random.Random(args.seed), ITERATIONS_PER_KILL * args.kills
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        options = {
            **OPTIONS,
            **write_images(root),
            "default_hooks.checkpoint.interval": INTERVAL,
            "train_cfg.val_interval": 5,
            "default_hooks.preview.interval": 5,
        }
        MODELS.build(load_config(CONFIG, options).model)  # imports what the processes would import one by one
        if code := ended(root, "straight", iterations, options):
            raise SystemExit(f"The undisturbed training ended with exit code {code}.")
        work_dir, kills, reached = root / "killed", 0, []
        for _ in range(args.kills):
            kills += killed(moments.uniform(0, 0.2), root, "killed", iterations, options)
            reached.append(max((int(path.stem[5:]) for path in work_dir.glob("iter_*.pth")), default=0))
        code = ended(root, "killed", iterations, options)
        left = sorted(path.name for path in work_dir.iterdir() if path.name.endswith(".partial"))
        found = differences(compared(root / "straight", iterations), compared(work_dir, iterations))
    rows = [("kills", str(kills)), ("iterations", str(iterations)), ("exit code of the last", str(code))]
    rows += [("differences", ", ".join(found) or "none"), ("incomplete files left", ", ".join(left) or "none")]
    print(markdown_table(("killed and resumed", ""), rows))
    if args.json:
        results = dict(
            kills=kills, iterations=iterations, reached=reached, exit_code=code, differences=found, left=left
        )
        args.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
