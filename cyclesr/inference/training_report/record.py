"""What a training has left in its work dir: config, logged values, measurement of the camera, networks."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any

from cyclesr.degradations.camera import CameraMeasurement
from cyclesr.degradations.camera.stored import STORED, stored_camera
from cyclesr.errors import UserError
from cyclesr.inference.translator import read_assigned

NETWORK = "sr_latest.safetensors"
_RUN = re.compile(r"\d{8}_\d{6}")  # name of the folder of a run, which sorts by time
_ENVIRONMENT = re.compile(r"^System environment:\n(.*?)\n(?:Runtime environment:|-{20})", flags=re.M | re.S)

Values = Mapping[str, float]


@dataclass(frozen=True)
class TrainingRecord:
    """What is known of a training, which may be unfinished.

    Attributes:
        folder: its work dir.
        name: name of its config.
        config: text of the resolved config; it is read as data and never run.
        comment: lines of the comment at the top of the config; those of ``recipe.py`` say what was chosen and why.
        losses: what was logged of the training, one entry per line of the log, with ``step``.
        scores: what was logged of validations, with ``step``.
        environment: versions and hardware of the newest run, as mmengine logged them; may be empty.
    """

    folder: Path
    name: str
    config: str
    comment: tuple[str, ...]
    losses: tuple[Values, ...]
    scores: tuple[Values, ...]
    environment: str

    def setting(self, path: str) -> Any:
        """Returns the value of a dotted key of the config, such as ``model.sr.type``; None if there is none."""
        first, *others = path.split(".")
        try:
            value = read_assigned(self.config, first)
        except (SyntaxError, ValueError, TypeError):
            return None  # a config with more than plain values is only shown
        for key in others:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    @cached_property
    def camera(self) -> CameraMeasurement | None:
        """Returns what was measured of the camera; None if nothing was.

        Raises:
            UserError: the file is damaged.
        """
        return stored_camera(self.folder)

    @property
    def measured(self) -> bool:
        """Returns whether there is a measurement of the camera."""
        return (self.folder / STORED).is_file()

    @property
    def network(self) -> Path | None:
        """Returns the file of the newest SR network; None before the first checkpoint."""
        file = self.folder / NETWORK
        return file if file.is_file() else None

    @property
    def checkpoint(self) -> Path | None:
        """Returns the newest training checkpoint; None if there is none."""
        found = {int(path.stem.removeprefix("iter_")): path for path in self.folder.glob("iter_*[0-9].pth")}
        return found[max(found)] if found else None

    @property
    def iterations(self) -> int:
        """Returns how many iterations are known to be done: by the log, or by the newest checkpoint."""
        done = [int(values["step"]) for values in (*self.losses, *self.scores)]
        newest = self.checkpoint
        return max([0, *done, *([int(newest.stem.removeprefix("iter_"))] if newest else [])])


def read_record(work_dir: str | Path) -> TrainingRecord:
    """Reads the work dir of a training, finished or not.

    Raises:
        UserError: the folder is missing, or no training wrote it.
    """
    folder = Path(work_dir)
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "does not exist"
        raise UserError(f"The work dir {folder} {found}: give the folder of a training.")
    runs = sorted(path for path in folder.iterdir() if path.is_dir() and _RUN.fullmatch(path.name))
    file = max(folder.glob("*.py"), key=lambda path: path.stat().st_mtime, default=None)
    if file is None:
        raise UserError(
            f"{folder} holds no training: expected the config that a training writes (a .py file), found none."
        )
    config = file.read_text(encoding="utf-8")
    entries = _joined(_lines(run / "vis_data" / "scalars.json") for run in runs)
    return TrainingRecord(
        folder,
        name=file.stem,
        config=config,
        comment=_comment(config),
        losses=tuple(values for values in entries if "iter" in values),
        scores=tuple(values for values in entries if "iter" not in values),
        environment=_environment(runs),
    )


def _lines(file: Path) -> list[Values]:
    """Reads the values of one run. The last line may be incomplete while the training runs."""
    if not file.is_file():
        return []
    entries: list[Values] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            values = json.loads(line)
        except ValueError:
            continue
        if isinstance(values, dict) and "step" in values:
            entries.append({key: float(value) for key, value in values.items() if isinstance(value, int | float)})
    return entries


def _joined(runs: Iterable[list[Values]]) -> list[Values]:
    """Joins the values of runs that resume each other: a later one replaces what an earlier one did after its start."""
    joined: list[Values] = []
    for entries in runs:
        if entries:
            joined = [values for values in joined if values["step"] < entries[0]["step"]] + entries
    return joined


def _comment(text: str) -> tuple[str, ...]:
    return tuple(line.removeprefix("#").strip() for line in takewhile(lambda line: line[:1] == "#", text.splitlines()))


def _environment(runs: list[Path]) -> str:
    for run in reversed(runs):
        for log in run.glob("*.log"):
            with log.open(encoding="utf-8", errors="replace") as file:
                found = _ENVIRONMENT.search(file.read(1 << 16))
            if found:
                return found[1]
    return ""
