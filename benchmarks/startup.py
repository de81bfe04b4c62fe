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
from cyclesr.text_tables import markdown_table

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
    found, rows = {}, []
    for title, words in cases.items():
        took = seconds(words, args.repeats)
        limit = {"python -c pass": None, "cyclesr --help": LIMITS["cyclesr"]}.get(title, LIMITS["command"])
        median, slowest = statistics.median(took), max(took)
        found[title] = dict(median=median, slowest=slowest, limit=limit)
        rows.append((f"`{title}`", f"{median:.3f} s", f"{slowest:.3f} s", f"{limit} s" if limit else ""))
    print(markdown_table(("process", "median", "slowest", "limit"), rows))
    if args.json:
        args.json.write_text(json.dumps(dict(repeats=args.repeats, cases=found), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
