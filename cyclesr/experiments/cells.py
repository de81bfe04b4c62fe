"""A cell of a benchmark (one row with one seed): its folder, the comparison of configs, and its training."""

import copy
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from mmengine.config import Config

from cyclesr.atomic_write import write_whole_text
from cyclesr.config import fill_scale, load_config
from cyclesr.engine.launch import train
from cyclesr.engine.runner import newest_checkpoint
from cyclesr.errors import UserError
from cyclesr.experiments.work_dir import REMEDY, read_json, write_json

Result = dict[str, Any]

# Keys of paths and of the checkpoint interval. They may change without making a result another one.
PLACES = (".dataset.hr", ".dataset.lr", ".dataset.real", "perceptual.weights", "hooks.checkpoint.interval")
CHECKPOINTS = 10  # per training at least: a training that is stopped loses at most a tenth of its time


class StoredCell(ABC):
    """A folder with the config, the checkpoints and the result of one row with one seed."""

    @property
    @abstractmethod
    def folder(self) -> Path:
        """Returns the folder of the config, the checkpoints and the result."""

    @property
    @abstractmethod
    def trains(self) -> bool:
        """Returns whether the row trains a network; bicubic does not."""

    @property
    def result(self) -> Path:
        """Returns the path of the result, which exists once the cell is finished."""
        return self.folder / "result.json"

    @property
    def config_file(self) -> Path:
        """Returns the path of the config of the training in the folder."""
        return self.folder / "config.py"

    def checkpoint(self, config: Config) -> Path:
        """Returns the path of the last checkpoint of a training of that config."""
        return self.folder / f"iter_{config.train_cfg.max_iters}.pth"

    def write(self, config: Config) -> None:
        """Writes the config to the folder, for :meth:`check` and for readers."""
        write_whole_text(self.config_file, config.pretty_text)

    def check(self, config: Config) -> None:
        """Compares a config with that of the training in the cell's folder, if there is one.

        Raises:
            UserError: the configs differ in more than :data:`PLACES`, or that of the training is damaged.
        """
        if not self.config_file.is_file():
            return
        part = "" if self.trains else "test_"  # bicubic uses only the test part of its config
        if difference := _difference(self._trained(), config, part):
            raise UserError(
                f"{self.folder} holds a training of another config: {difference} now. Remove the folder to train "
                "again, or choose another --work-dir."
            )

    def _trained(self) -> Config:
        remedy = f"Remove the folder {self.folder}, and the row will be run again."
        try:
            config = load_config(str(self.config_file))
        except UserError as error:
            raise UserError(f"{error}. {remedy}") from error
        if "model" not in config:
            raise UserError(f"The config {self.config_file} is damaged: it has no model. {remedy}")
        return config

    def train(self, config: Config, seed: int) -> float | None:
        """Starts the training or resumes it, unless it is finished.

        Returns:
            The training time in minutes, or ``None`` if the training was interrupted.
        """
        length, resume = self.folder / "minutes.json", newest_checkpoint(self.folder) is not None
        if not self.checkpoint(config).is_file():
            start, config = time.perf_counter(), copy.deepcopy(config)  # training writes into it
            config.experiment_name = "_".join(self.folder.absolute().parts[-3:]) + f"_seed{seed}"
            train(config, work_dir=str(self.folder), resume=resume, seed=seed)
            if not resume:
                write_json(length, (time.perf_counter() - start) / 60)
        return read_json(length) if length.is_file() else None

    def read_result(self) -> Result:
        """Reads the result of a finished cell.

        Raises:
            UserError: the file is damaged.
        """
        result: Result = read_json(self.result)
        if "means" not in result:
            raise UserError(f"{self.result} is damaged (no means). {REMEDY}")
        return result


def save_often(config: Config) -> None:
    """Reduces the checkpoint interval so that at least :data:`CHECKPOINTS` are written. Changes the config in place."""
    hook = config.default_hooks.checkpoint
    hook.interval = min(hook.interval, max(1, config.train_cfg.max_iters // CHECKPOINTS))


def _difference(there: Config, now: Config, part: str) -> str:
    """Describes the first key beginning with ``part`` whose value differs, as ``key is 1 there, 3``.

    Returns an empty string if no value differs.
    """
    old, new = (_flat(_as_of_today(config)) for config in (there, Config.fromstring(now.pretty_text, ".py")))
    for key in sorted(old | new):
        if key.startswith(part) and not key.endswith(PLACES) and old.get(key) != new.get(key):
            return f"{key} is {old.get(key, 'not set')} there, {new.get(key, 'not set')}"
    return ""


def _as_of_today(config: Config) -> dict[str, Any]:
    """Adds keys that configs of release 0.1 do not have: ``scale``, also that of the metrics, and ``custom_hooks``."""
    config.setdefault("scale", config.model.get("sr", {}).get("scale"))
    config.setdefault("custom_hooks", [])
    fill_scale(config)
    filled: dict[str, Any] = config.to_dict()
    return filled


def _flat(value: Any, key: str = "") -> dict[str, Any]:
    """Returns nested dicts and lists as one dict with dotted keys."""
    if isinstance(value, list | tuple):
        value = dict(enumerate(value)) or value
    if not (isinstance(value, dict) and value):
        return {key: value}
    return {k: v for name, item in value.items() for k, v in _flat(item, f"{key}.{name}" if key else name).items()}
