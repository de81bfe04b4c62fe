"""Plays random hostile cases: image files, checkpoints, configs and command lines.

    python tests/fuzz/fuzz.py --cases 100000 --seed 0 --save faults
    python tests/fuzz/fuzz.py --replay faults/images_0_17.json

Each case must succeed or end in one clear line, see case_worker.py. Faults are saved as the description of the case,
from which ``--replay`` makes the same files again, and the outcome.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

BATCH = 200  # cases of one search, because hypothesis remembers all cases of a search
SHARES = {"images": 70, "checkpoints": 15, "configs": 5, "commands": 10}  # percent


def main() -> None:
    """Play, and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", default=list(SHARES), choices=list(SHARES))
    parser.add_argument("--save", type=Path, default=Path("faults"), help="folder for the cases that are at fault")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="no new batch begins after so many")
    parser.add_argument("--replay", type=Path, nargs="+", help="play these saved cases instead")
    args = parser.parse_args()
    if args.replay:
        replay(args.replay)
        return
    whole = sum(SHARES[kind] for kind in args.kinds)
    left = {kind: args.cases * SHARES[kind] // whole for kind in args.kinds}
    counts: Counter[tuple[str, str]] = Counter()  # cases by kind and end, and milliseconds
    began, batch = time.monotonic(), 0
    with player() as play:
        while any(left.values()) and time.monotonic() - began < 60 * args.minutes:
            for kind in left:
                number = min(left[kind], BATCH * SHARES[kind] // 100)
                left[kind] -= number
                search(kind, number, args.seed + batch, _recorded(play, counts, args.save, kind, args.seed + batch))
            batch += 1
            _print_counts(counts, time.monotonic() - began)


def replay(files: list[Path]) -> None:
    """Plays saved cases and prints how they end."""
    with player() as play:
        for file in files:
            saved = json.loads(file.read_text())
            outcome = play(saved["kind"], saved["case"])
            print(f"{file}: {outcome.fault or outcome.ended}\n{outcome.text}", flush=True)


def player() -> "Player":
    """Returns a context that plays cases in a sandbox, and removes it at the end."""
    return Player()


class Player:
    """Plays cases in a sandbox, see :func:`player`."""

    def __enter__(self) -> Callable[[str, dict[str, Any]], Any]:
        from case_worker import CaseWorker

        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._worker = CaseWorker(Path(self._folder.name))
        return self._play

    def __exit__(self, *_: object) -> None:
        self._worker.close()
        self._folder.cleanup()

    def _play(self, kind: str, case: dict[str, Any]) -> Any:
        return self._worker.play(_kinds()[kind].play(case))


def search(kind: str, number: int, seed: int, judge: Callable[[dict[str, Any]], None], shrink: bool = False) -> None:
    """Draws cases and judges them. With ``shrink``, an error of ``judge`` is raised for the simplest case."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded

    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    quiet = settings(
        max_examples=max(number, 1), database=None, deadline=None, phases=phases,
        suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
    )  # fmt: skip
    if number:
        seeded(seed)(quiet(given(_kinds()[kind].cases())(judge)))()


def _kinds() -> dict[str, Any]:
    import hostile_checkpoints
    import hostile_commands
    import hostile_configs
    import hostile_images

    modules = (hostile_images, hostile_checkpoints, hostile_configs, hostile_commands)
    return dict(zip(SHARES, modules, strict=True))


def _recorded(play: Any, counts: Counter, folder: Path, kind: str, seed: int) -> Callable[[dict[str, Any]], None]:
    def judge(case: dict[str, Any]) -> None:
        outcome = play(kind, case)
        counts[kind, outcome.ended] += 1
        counts[kind, "ms"] += round(1000 * outcome.seconds)
        if outcome.fault:
            folder.mkdir(parents=True, exist_ok=True)
            name = f"{kind}_{seed}_{_number(counts)}"
            saved = dict(kind=kind, case=case, fault=outcome.fault, text=outcome.text)
            (folder / f"{name}.json").write_text(json.dumps(saved, indent=1))
            last = outcome.fault.strip().splitlines()[-1]
            print(f"{name}: {last:.150}", file=sys.stderr, flush=True)

    return judge


def _print_counts(counts: Counter, seconds: float) -> None:
    print(f"{_number(counts)} cases in {seconds:.0f} s", end="")
    for kind in SHARES:
        found = {ended: counts[kind, ended] for ended in ("right", "error", "fault")}
        if any(found.values()):
            mean = counts[kind, "ms"] / sum(found.values())
            each = ", ".join(f"{number} {ended}" for ended, number in found.items())
            print(f"; {kind}: {each}, {mean:.0f} ms each", end="")
    print(flush=True)


def _number(counts: Counter) -> int:
    return sum(number for (_, what), number in counts.items() if what != "ms")


if __name__ == "__main__":
    main()
