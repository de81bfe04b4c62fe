"""A cell of the benchmark on real pairs: a row with a seed, trained on HR of the same camera or on other HR."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from mmengine.config import Config

from cyclesr.errors import UserError
from cyclesr.experiments.cells import StoredCell, save_often
from cyclesr.experiments.comparison import Folders
from cyclesr.experiments.pairs.data import image_folders, is_ready, open_pairs
from cyclesr.experiments.pairs.rows import PAIR_ROWS, PairRow, iterations_for_steps, row_config
from cyclesr.experiments.work_dir import check_settings, fingerprint, measured_iterations, read_json, write_json
from cyclesr.images.listing import list_images
from cyclesr.metrics.columns import COLUMNS

Source = Literal["same", "other"]  # HR of the camera's own scenes, or the user's other HR
Key = tuple[Source, str, int]  # source of HR, row and seed of a cell
DEFAULT_PROTOCOLS = ("plain", "cyclesr")
PAIR_COLUMNS = ("lpips", *COLUMNS)


@dataclass(frozen=True)
class PairBench:
    """The settings that all cells of a work dir share.

    Attributes:
        pairs: folder of real pairs, see :func:`~cyclesr.experiments.pairs.data.open_pairs`.
        scale: HR size / LR size.
        work_dir: folder of the splits, the checkpoints, the results, the pictures and the page.
        hr_other: folder of other HR images, which take the place of the camera's in a second set of cells.
        iterations: number of steps of the SR network in every row.
        minutes: training time of every row, in place of ``iterations``.
        own_rows: rows beside :data:`~cyclesr.experiments.pairs.rows.PAIR_ROWS`, by name.
        protocols: the first scores all columns; the others only PSNR and SSIM.
        columns: names of the scores beside PSNR and SSIM. Those without weights are left out.
        lpips_weights: file or folder of AlexNet's weights. ``None`` searches the cache of torch hub.
        dists_weights: the same for VGG16's weights.
        perceptual_weights: the same for the perceptual loss of rows that have one.
    """

    pairs: Path
    scale: int
    work_dir: Path
    hr_other: Path | None = None
    iterations: int | None = None
    minutes: float | None = None
    own_rows: Mapping[str, PairRow] | None = None
    protocols: tuple[str, ...] = DEFAULT_PROTOCOLS
    columns: tuple[str, ...] = PAIR_COLUMNS
    lpips_weights: str | None = None
    dists_weights: str | None = None
    perceptual_weights: str | None = None

    @cached_property
    def rows(self) -> dict[str, PairRow]:
        """Returns all rows by name: those of cyclesr, those of earlier commands in this work dir, and one's own."""
        path = self.work_dir / "rows.json"
        earlier = {name: PairRow(**row) for name, row in read_json(path).items()} if path.is_file() else {}
        return PAIR_ROWS | earlier | dict(self.own_rows or {})

    @property
    def sources(self) -> tuple[Source, ...]:
        """Returns the sources of HR images."""
        return ("same",) if self.hr_other is None else ("same", "other")

    @property
    def effort(self) -> dict[str, Any]:
        """Returns the length of the trainings, as an option of the command."""
        return dict(iterations=self.iterations) if self.minutes is None else dict(minutes=self.minutes)

    def check(self) -> None:
        """Writes the settings and one's own rows into the work dir, or compares the settings with those there.

        Raises:
            UserError: the work dir holds results of other settings, or a row of one's own has the name of another row.
        """
        for name in self.own_rows or {}:
            if name in PAIR_ROWS:
                raise UserError(f"There is a row {name!r} already: give your own row another name.")
        images = {str(path.relative_to(self.pairs)): fingerprint(path) for path in image_folders(self.pairs)}
        settings = dict(scale=self.scale, protocols=list(self.protocols), pairs=images) | self.effort
        check_settings(self.work_dir, settings)
        if self.hr_other is not None:
            check_settings(self.work_dir, dict(hr_other=fingerprint(self.hr_other)), "settings_other.json")
        if self.own_rows:
            own = {name: asdict(row) for name, row in self.rows.items() if name not in PAIR_ROWS}
            write_json(self.work_dir / "rows.json", own)

    def folders(self, seed: int, source: Source = "same") -> Folders:
        """Returns the image folders of a seed; a split is made if it does not exist yet."""
        folders = open_pairs(self.pairs, self.work_dir / f"data_seed{seed}", seed, self.scale)
        if source == "same":
            return folders
        assert self.hr_other is not None
        return replace(folders, hr=self.hr_other, hidden_lr=None)

    def keys(self, names: list[str], seeds: list[int]) -> list[Key]:
        """Returns the cells of some rows, seed by seed; rows that other HR does not change have one source."""
        return [
            (source, name, seed)
            for seed in seeds
            for source in self.sources
            for name in names
            if source == "same" or self.rows[name].uses_hr_folder
        ]

    def describe(self) -> str:
        """Returns what the images are: how many, and how they are split."""
        counts = {path.relative_to(self.pairs).as_posix(): len(list_images(path)) for path in image_folders(self.pairs)}
        images = ", ".join(f"{count} in `{name}`" for name, count in counts.items())
        how = "The set is split already." if is_ready(self.pairs) else "Every seed splits the scenes anew."
        return f"Scale {self.scale}. Images: {images}. {how}"


@dataclass(frozen=True)
class PairCell(StoredCell):
    """A row with a seed.

    Attributes:
        bench: shared settings.
        source: ``same`` for HR of the camera, ``other`` for the HR of ``hr_other``.
        name: a key of the bench's rows.
        seed: seed of the split, the weights, the order of the data and the augmentation.
    """

    bench: PairBench
    source: Source
    name: str
    seed: int

    @property
    def row(self) -> PairRow:
        """Returns the row."""
        return self.bench.rows[self.name]

    @property
    def folder(self) -> Path:
        """Returns the folder of the config, the checkpoints, the SR images and the result."""
        return self.bench.work_dir / f"{self.source}_seed{self.seed}" / self.name

    @property
    def images(self) -> Path:
        """Returns the folder of the SR images of the held-out LR images."""
        return self.folder / "sr"

    @property
    def trains(self) -> bool:
        """Returns whether the row trains a network; bicubic does not."""
        return self.row.trains

    def untimed(self) -> Config:
        """Returns the config of the row, of the length that its file has."""
        config = row_config(self.row, self.bench.folders(self.seed, self.source))
        if self.bench.perceptual_weights and config.model.get("perceptual"):
            config.model.perceptual.weights = self.bench.perceptual_weights
        return config

    def config(self) -> Config:
        """Returns the config that the cell trains and is scored by."""
        config = self.untimed()
        if self.trains:
            config.train_cfg.max_iters = self._iterations(config)
            save_often(config)
        return config

    def _iterations(self, config: Config) -> int:
        if self.bench.minutes is None:
            assert self.bench.iterations is not None
            return iterations_for_steps(config, self.bench.iterations)
        return measured_iterations(self.bench.work_dir, self.name, lambda: config, self.bench.minutes)
