"""A cell of a table: a row on a track with a seed, its folder and its config, and whether the folder still fits."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from cyclesr.atomic_write import write_whole_text
from cyclesr.config import load_config
from cyclesr.datasets.tracks import split_and_simulate
from cyclesr.errors import UserError
from cyclesr.experiments.comparison import Track
from cyclesr.experiments.demo import track_of
from cyclesr.experiments.tables import ROWS, align_track, demo_config, full_config, with_pairs
from cyclesr.experiments.track_benchmark import iterations_for
from cyclesr.images.listing import list_images

# Keys that say where files lie, or how often one is written. They may change; what a cell is does not.
PLACES = (".dataset.hr", ".dataset.lr", ".dataset.real", "perceptual.weights", "hooks.checkpoint.interval")
CHECKPOINTS = 10  # of a training at demo scale, or more: what a kill costs at most is a tenth of its time
MEND = "Delete it and give the same command again: what it held is found anew."


@dataclass(frozen=True)
class Bench:
    """What all cells share.

    Attributes:
        scale: ``demo``: tracks simulated from photographs, minutes a row; ``full``: the configs of DIV2K.
        work_dir: of data, checkpoints and results.
        configs: the folder ``configs``.
        hr: at demo scale, the folder of photographs.
        minutes: at demo scale, the training time of a row that is given a time.
        iterations: at demo scale, takes the place of the time.
        lpips_weights: file or folder of AlexNet's weights; ``None`` looks into torch hub's cache.
        perceptual_weights: the same for the perceptual loss of CycleSRGAN.
    """

    scale: str
    work_dir: Path
    configs: Path
    hr: Path | None = None
    minutes: float = 15.0
    iterations: int | None = None
    lpips_weights: str | None = None
    perceptual_weights: str | None = None

    def check(self) -> None:
        """Writes the settings into the work dir, or compares them with those that are there.

        Raises:
            UserError: results of other settings in the work dir.
        """
        settings: dict[str, Any] = dict(scale=self.scale)
        if self.scale == "demo":
            settings |= self.effort | dict(photographs=_fingerprint(self.hr))
        path = self.work_dir / "settings.json"
        if not path.is_file():
            write_json(path, settings)
        elif (found := read_json(path)) != settings:
            raise UserError(
                f"{self.work_dir} holds results of other settings: {found} there, {settings} now. Choose another "
                "--work-dir."
            )

    @property
    def effort(self) -> dict[str, Any]:
        """At demo scale the length of a training, as an option of the command line."""
        if self.scale == "full":
            return {}
        return dict(minutes=self.minutes) if self.iterations is None else dict(iterations=self.iterations)


def _fingerprint(hr: Path | None) -> str:
    """Number, names and contents of the photographs, so that others of the same number are told apart."""
    assert hr is not None
    paths, digest = list_images(str(hr)), hashlib.sha256()
    for path in paths:
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return f"{len(paths)}, SHA-256 {digest.hexdigest()[:16]}"


@dataclass(frozen=True)
class Cell:
    """A row on a track with a seed.

    Attributes:
        bench: settings.
        name: a key of :data:`~cyclesr.experiments.tables.ROWS`, not one that is the same as another.
        kind: track, ``unknown``, ``mild`` or ``wild``.
        seed: at demo scale of the track too; of the weights, the order of the data and the augmentation.
    """

    bench: Bench
    name: str
    kind: str
    seed: int

    @property
    def folder(self) -> Path:
        """Of the config, the checkpoints and the result."""
        return self.bench.work_dir / f"{self.kind}_seed{self.seed}" / self.name

    @property
    def result(self) -> Path:
        """The file that is there once the cell is finished."""
        return self.folder / "result.json"

    @property
    def config_file(self) -> Path:
        """The config of what was trained in the folder."""
        return self.folder / "config.py"

    def track(self) -> Track:
        """The simulated track of demo scale, made where it is not there yet."""
        data = self.folder.parent / "data"
        if (data / "manifest.json").is_file():  # written last
            return track_of(data)
        assert self.bench.hr is not None
        return Track(**split_and_simulate(self.bench.hr, self.kind, data, seed=self.seed))

    def config(self) -> Config:
        """What the cell trains; at demo scale its track is made, and its pairs are aligned where it needs them."""
        config = self.untimed()
        if self.bench.scale == "full" or not ROWS[self.name].trains:
            return config
        track = self.track()
        config.train_cfg.max_iters = iterations(self.bench, self.name, track, self.kind)
        align_track(self.name, track, self.kind)
        config = with_pairs(config, self.name, track, self.kind)
        hook = config.default_hooks.checkpoint
        hook.interval = min(hook.interval, max(1, config.train_cfg.max_iters // CHECKPOINTS))
        return config

    def untimed(self) -> Config:
        """The config of the row's file on the cell's data, which at demo scale are made where they are not there."""
        bench = self.bench
        if bench.scale == "full":
            return _with_weights(full_config(self.name, self.kind, bench.configs), bench)
        return _with_weights(demo_config(self.name, self.track(), self.kind, bench.configs), bench)

    def write(self, config: Config) -> None:
        """Leaves the config in the folder, for :meth:`check` and for whoever looks."""
        write_whole_text(self.config_file, config.pretty_text)

    def check(self, config: Config) -> None:
        """Compares a config with that of the training in the cell's folder, if there is one.

        Raises:
            UserError: they differ in more than :data:`PLACES`, or that of the training is damaged.
        """
        if not self.config_file.is_file():
            return
        part = "" if ROWS[self.name].trains else "test_"  # bicubic is scored; what its config trains is not its own
        if difference := _difference(self._trained(), config, part):
            raise UserError(
                f"{self.folder} holds a training of another config: {difference} now. Remove that folder to train "
                "anew, or choose another --work-dir."
            )

    def _trained(self) -> Config:
        mend = f"Remove the folder {self.folder}: the row is run again."
        try:
            config = load_config(str(self.config_file))
        except UserError as error:
            raise UserError(f"{error}. {mend}") from error
        if "model" not in config:
            raise UserError(f"The config {self.config_file} is damaged: it has no model. {mend}")
        return config


def iterations(bench: Bench, name: str, track: Track, kind: str) -> int:
    """Of a row at demo scale; measured once for a work dir, so that all tracks and seeds take as many."""
    row = ROWS[name]
    if row.steps_of:
        return round(row.times * iterations(bench, row.steps_of, track, kind))
    if bench.iterations is not None:
        return bench.iterations
    path = bench.work_dir / "iterations.json"
    known: dict[str, int] = read_json(path) if path.is_file() else {}
    if name not in known:
        config = _with_weights(demo_config(name, track, kind, bench.configs), bench)
        known[name] = iterations_for(config, bench.minutes)
        write_json(path, known)
    return known[name]


def _with_weights(config: Config, bench: Bench) -> Config:
    if bench.perceptual_weights and config.model.get("perceptual"):
        config.model.perceptual.weights = bench.perceptual_weights
    return config


def _difference(there: Config, now: Config, part: str) -> str:
    """The first key beginning with ``part`` that has another value, ``key is 1 there, 3``; empty where none has."""
    old, new = (_flat(config.to_dict()) for config in (there, Config.fromstring(now.pretty_text, ".py")))
    for key in sorted(old | new):
        if key.startswith(part) and not key.endswith(PLACES) and old.get(key) != new.get(key):
            return f"{key} is {old.get(key, 'not set')} there, {new.get(key, 'not set')}"
    return ""


def _flat(value: Any, key: str = "") -> dict[str, Any]:
    """Dotted keys and values of nested dicts and lists."""
    if isinstance(value, list | tuple):
        value = dict(enumerate(value)) or value
    if not (isinstance(value, dict) and value):
        return {key: value}
    return {k: v for name, item in value.items() for k, v in _flat(item, f"{key}.{name}" if key else name).items()}


def write_json(path: Path, content: Any) -> None:
    """Writes a JSON file whole, and its folder where it is missing."""
    write_whole_text(path, json.dumps(content, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """What :func:`write_json` wrote.

    Raises:
        UserError: the file was damaged since.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # no JSON, or no text
        raise UserError(f"{path} is damaged ({error}). {MEND}") from error
