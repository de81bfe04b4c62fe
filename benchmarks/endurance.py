"""Records memory, open files and disk of a long training, which must not grow.

    python benchmarks/endurance.py --json endurance.json

Tiny networks train for 20 000 iterations with checkpoints, validations and previews. Memory is that of the training and
its data loader workers together (their proportional set size). Linux only.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from tiny_training import CONFIG, OPTIONS, write_images

from cyclesr.engine.launch import train
from cyclesr.registry import HOOKS
from cyclesr.text_tables import markdown_table


@HOOKS.register_module()
class RecordHook(Hook):
    """Records what the process uses, every ``interval`` iterations."""

    priority = "LOWEST"  # after checkpoints and previews

    def __init__(self, interval: int) -> None:
        self.interval = interval
        self.records: list[dict[str, float]] = []
        self.start = time.perf_counter()

    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Records after every ``interval`` iterations."""
        if self.every_n_train_iters(runner, self.interval):
            self.records.append(dict(iteration=runner.iter + 1, **used(Path(runner.work_dir)), seconds=self._seconds()))

    def _seconds(self) -> float:
        return time.perf_counter() - self.start


def used(work_dir: Path) -> dict[str, float]:
    """Returns the memory in MiB, the number of open files and processes, and the size of the work dir in MiB."""
    processes = [os.getpid(), *children(os.getpid())]
    files = [file for file in work_dir.rglob("*") if file.is_file()]
    checkpoints = [file for file in files if file.parent == work_dir]
    return dict(
        memory_mib=sum(map(memory_mib, processes)),
        open_files=sum(len(list(Path(f"/proc/{process}/fd").iterdir())) for process in processes),
        processes=len(processes),
        checkpoints=len(checkpoints),
        checkpoints_mib=sum(file.stat().st_size for file in checkpoints) / 2**20,
        logs_mib=sum(file.stat().st_size for file in set(files) - set(checkpoints)) / 2**20,
    )


def children(process: int) -> list[int]:
    """Returns the processes that a process has started."""
    tasks = Path(f"/proc/{process}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text(encoding="utf-8").split()]


def memory_mib(process: int) -> float:
    """Returns the proportional set size of a process in MiB: shared pages are divided among their users."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def recorded(root: Path, iterations: int, interval: int) -> list[dict[str, float]]:
    """Trains, and returns what was recorded."""
    options = {
        **OPTIONS,
        **write_images(root),
        "experiment_name": root.name,
        "train_cfg.max_iters": iterations,
        "train_cfg.val_interval": interval,
        "default_hooks.checkpoint.interval": interval,
        "default_hooks.preview.interval": interval,
        "default_hooks.record": dict(type="RecordHook", interval=interval),
    }
    os.environ["CYCLESR_CACHE"] = str(root / "cache")
    with redirect_stdout(sys.stderr):  # the table alone goes to stdout
        runner = train(CONFIG, work_dir=str(root / "run"), options=options, device="cpu")
    return next(hook.records for hook in runner.hooks if isinstance(hook, RecordHook))


def growth(records: list[dict[str, float]], name: str) -> float:
    """Returns by how much the mean over the last fifth of the training exceeds that over the second fifth."""
    fifth = max(len(records) // 5, 1)
    second, last = records[fifth : 2 * fifth], records[-fifth:]
    return sum(r[name] for r in last) / len(last) - sum(r[name] for r in second) / len(second)


def main() -> None:
    """Runs the benchmark, prints a table and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--iterations", type=int, default=20_000, help="of the training (default: 20000)")
    parser.add_argument("--interval", type=int, default=200, help="iterations between checkpoints (default: 200)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as root:
        records = recorded(Path(root), args.iterations, args.interval)
    names = [name for name in records[0] if name not in ("iteration", "seconds")]
    grown = {name: growth(records, name) for name in names}
    shown = [records[(len(records) - 1) * quarter // 4] for quarter in range(5)]
    rows = [(name.replace("_", " "), *(f"{r[name]:.4g}" for r in shown), f"{grown[name]:.3g}") for name in names]
    print(markdown_table(("after iterations", *(str(r["iteration"]) for r in shown), "growth"), rows))
    if args.json:
        results = dict(iterations=args.iterations, interval=args.interval, growth=grown, records=records)
        args.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
