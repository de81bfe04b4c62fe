"""Measures the time of ``cyclesr --help`` and of each command's ``--help``, as whole processes.

    python benchmarks/startup.py --json startup.json

The reference is a Python process that does nothing.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from cyclesr.cli.main import COMMANDS

LIMITS = {"cyclesr": 0.3, "command": 0.8}  # seconds


def seconds(words: list[str], repeats: int) -> list[float]:
    """Returns the times of ``repeats`` Python processes with these arguments, in seconds."""
    took = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
        took.append(time.perf_counter() - start)
    return took


def main() -> None:
    """Runs the benchmark, prints a table and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--repeats", type=int, default=10, help="number of processes per command (default: 10)")
    args = parser.parse_args()
    cases = {"python -c pass": ["-c", "pass"], "cyclesr --help": ["-m", "cyclesr", "--help"]}
    cases |= {f"cyclesr {name} --help": ["-m", "cyclesr", name, "--help"] for name in COMMANDS}
    found = {}
    print("| process | median | slowest | limit |\n|---|---|---|---|")
    for title, words in cases.items():
        took = seconds(words, args.repeats)
        limit = {"python -c pass": None, "cyclesr --help": LIMITS["cyclesr"]}.get(title, LIMITS["command"])
        found[title] = dict(median=statistics.median(took), slowest=max(took), limit=limit)
        print(f"| `{title}` | {found[title]['median']:.3f} s | {max(took):.3f} s | {f'{limit} s' if limit else ''} |")
    if args.json:
        args.json.write_text(json.dumps(dict(repeats=args.repeats, cases=found), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
