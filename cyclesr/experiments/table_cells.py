"""A cell of a table, one row on one track with one seed: its folder, its data and its config."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from cyclesr.datasets.tracks import split_and_simulate
from cyclesr.experiments.cells import StoredCell, save_often
from cyclesr.experiments.comparison import Track
from cyclesr.experiments.demo import track_of
from cyclesr.experiments.tables import ROWS, align_track, demo_config, full_config, with_pairs
from cyclesr.experiments.work_dir import check_settings, fingerprint, measured_iterations


@dataclass(frozen=True)
class Bench:
    """Settings that all cells share.

    Attributes:
        scale: ``demo`` simulates tracks from photographs and trains each row for minutes. ``full`` uses the configs of
            DIV2K.
        work_dir: folder of data, checkpoints and results.
        configs: the folder ``configs``.
        hr: at demo scale, the folder of photographs.
        minutes: at demo scale, the training time of a row whose length is given by time.
        iterations: at demo scale, the number of iterations, which replaces the time.
        lpips_weights: file or folder of AlexNet's weights. ``None`` searches the cache of torch hub.
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
        """Writes the settings to the work dir, or compares them with the settings that it holds.

        Raises:
            UserError: the work dir holds results of other settings.
        """
        settings: dict[str, Any] = dict(scale=self.scale)
        if self.scale == "demo":
            assert self.hr is not None
            settings |= self.effort | dict(photographs=fingerprint(self.hr))
        check_settings(self.work_dir, settings)

    @property
    def effort(self) -> dict[str, Any]:
        """Returns the length of a training at demo scale, as an option of the command line; empty at full scale."""
        if self.scale == "full":
            return {}
        return dict(minutes=self.minutes) if self.iterations is None else dict(iterations=self.iterations)


@dataclass(frozen=True)
class Cell(StoredCell):
    """One row on one track with one seed.

    Attributes:
        bench: shared settings.
        name: a key of :data:`~cyclesr.experiments.tables.ROWS` whose row has no ``same_as``.
        kind: the track, ``unknown``, ``mild`` or ``wild``.
        seed: seed of the weights, the order of the data and the augmentation; at demo scale also of the track.
    """

    bench: Bench
    name: str
    kind: str
    seed: int

    @property
    def folder(self) -> Path:
        """Returns the folder of the config, the checkpoints and the result."""
        return self.bench.work_dir / f"{self.kind}_seed{self.seed}" / self.name

    @property
    def trains(self) -> bool:
        """Returns whether the row trains a network; bicubic does not."""
        return ROWS[self.name].trains

    def track(self) -> Track:
        """Returns the simulated track of demo scale, and creates it if it does not exist."""
        data = self.folder.parent / "data"
        if (data / "manifest.json").is_file():  # written last
            return track_of(data)
        assert self.bench.hr is not None
        return Track(**split_and_simulate(self.bench.hr, self.kind, data, seed=self.seed))

    def config(self) -> Config:
        """Returns the config of the cell's training.

        At demo scale it creates the track, and the aligned pairs if the row trains on them.
        """
        config = self.untimed()
        if self.bench.scale == "full" or not self.trains:
            return config
        track = self.track()
        config.train_cfg.max_iters = iterations(self.bench, self.name, track, self.kind)
        align_track(self.name, track, self.kind)
        config = with_pairs(config, self.name, track, self.kind)
        save_often(config)
        return config

    def untimed(self) -> Config:
        """Returns the row's config on the cell's data, without the length of the training.

        At demo scale it creates the track if it does not exist.
        """
        bench = self.bench
        if bench.scale == "full":
            return _with_weights(full_config(self.name, self.kind, bench.configs), bench)
        return _with_weights(demo_config(self.name, self.track(), self.kind, bench.configs), bench)


def iterations(bench: Bench, name: str, track: Track, kind: str) -> int:
    """Returns the number of iterations of a row at demo scale, which is the same for all tracks and seeds."""
    row = ROWS[name]
    if row.steps_of:
        return round(row.times * iterations(bench, row.steps_of, track, kind))
    if bench.iterations is not None:
        return bench.iterations

    def config() -> Config:
        return _with_weights(demo_config(name, track, kind, bench.configs), bench)

    return measured_iterations(bench.work_dir, name, config, bench.minutes)


def _with_weights(config: Config, bench: Bench) -> Config:
    if bench.perceptual_weights and config.model.get("perceptual"):
        config.model.perceptual.weights = bench.perceptual_weights
    return config
