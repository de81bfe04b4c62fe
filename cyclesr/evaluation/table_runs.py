"""One cell of a table: a row trained and scored on a track with a seed, once, however often it is asked for."""

import json
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from cyclesr.datasets.images import list_images
from cyclesr.datasets.tracks import split_and_simulate
from cyclesr.engine.launch import train
from cyclesr.engine.whole_file import write_whole
from cyclesr.errors import UserError
from cyclesr.evaluation.comparison import Track, degradation_psnr
from cyclesr.evaluation.evaluate import BICUBIC, Settings, evaluate_config
from cyclesr.evaluation.report import as_dict
from cyclesr.evaluation.tables import ROWS, demo_config, full_config, with_pairs
from cyclesr.evaluation.track_benchmark import iterations_for
from cyclesr.inference.translator import load_degradation

Result = dict[str, Any]


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
            effort = dict(minutes=self.minutes) if self.iterations is None else dict(iterations=self.iterations)
            settings |= effort | dict(photographs=len(list_images(str(self.hr))))
        path = self.work_dir / "settings.json"
        if not path.is_file():
            _write(path, settings)
        elif (found := json.loads(path.read_text(encoding="utf-8"))) != settings:
            raise UserError(
                f"{self.work_dir} holds results of other settings: {found} there, {settings} now. Choose another "
                "--work-dir."
            )


def run_cell(bench: Bench, name: str, kind: str, seed: int) -> Result:
    """Trains and scores a row, or reads what a former run found; a training that was stopped goes on.

    Args:
        bench: settings.
        name: a key of :data:`~cyclesr.evaluation.tables.ROWS`.
        kind: track, ``unknown``, ``mild`` or ``wild``.
        seed: at demo scale of the track too; of the weights, the order of the data and the augmentation.

    Returns:
        What ``result.json`` of the row holds: scores as ``tools/test.py`` writes them, and ``row``, ``track``,
        ``seed``, ``minutes`` (of a training that was not stopped), ``iterations``, ``hardware``, and at demo scale,
        where there is a translator, ``degradation_psnr`` (dB).
    """
    name = ROWS[name].same_as or name
    folder = bench.work_dir / f"{kind}_seed{seed}" / name
    path = folder / "result.json"
    if not path.is_file():
        if bench.scale == "demo":
            assert bench.hr is not None
            track = Track(**split_and_simulate(bench.hr, kind, folder.parent / "data", seed=seed))
            result = _run_demo(bench, name, kind, seed, folder, track)
        else:
            config = _with_weights(full_config(name, kind, bench.configs), bench)
            result = _run(bench, name, config, seed, folder)
        _write(path, result | dict(row=name, track=kind, seed=seed, scale=bench.scale, hardware=hardware()))
    return json.loads(path.read_text(encoding="utf-8"))


def _run_demo(bench: Bench, name: str, kind: str, seed: int, folder: Path, track: Track) -> Result:
    config = _with_weights(demo_config(name, track, kind, bench.configs), bench)
    if ROWS[name].trains:
        config.train_cfg.max_iters = _iterations(bench, name, track, kind)
        config = with_pairs(config, name, track, kind)
    result = _run(bench, name, config, seed, folder)
    if config.model.type == "CollaborativeSR" and ROWS[name].trains:
        translator = load_degradation(result["checkpoint"]).translator
        result["degradation_psnr"] = degradation_psnr(translator.degrade, track, from_hr=translator.from_hr)
    return result


def _with_weights(config: Config, bench: Bench) -> Config:
    if bench.perceptual_weights and config.model.get("perceptual"):
        config.model.perceptual.weights = bench.perceptual_weights
    return config


def _run(bench: Bench, name: str, config: Config, seed: int, folder: Path) -> Result:
    folder.mkdir(parents=True, exist_ok=True)
    config.dump(folder / "config.py")
    method, minutes, iterations = BICUBIC, None, 0
    if ROWS[name].trains:
        iterations = config.train_cfg.max_iters
        checkpoint, minutes = _train(config, seed, folder, iterations)
        method = str(checkpoint)
    settings = Settings(lpips="alex", lpips_weights=bench.lpips_weights)
    scores = as_dict(evaluate_config(str(folder / "config.py"), method, settings))
    return scores | dict(minutes=minutes, iterations=iterations)


def _train(config: Config, seed: int, folder: Path, iterations: int) -> tuple[Path, float | None]:
    """The last checkpoint of a training, which begins, goes on, or is there already; and how many minutes it took.

    Not known of a training that was stopped.
    """
    last, length, stopped = folder / f"iter_{iterations}.pth", folder / "minutes.json", folder / "last_checkpoint"
    if not last.is_file():
        start, resume = time.perf_counter(), stopped.is_file()
        config.experiment_name = "_".join(folder.absolute().parts[-3:]) + f"_seed{seed}"
        train(config, work_dir=str(folder), resume=resume, seed=seed)
        if not resume:
            _write(length, (time.perf_counter() - start) / 60)
    return last, json.loads(length.read_text(encoding="utf-8")) if length.is_file() else None


def _iterations(bench: Bench, name: str, track: Track, kind: str) -> int:
    """Of a row at demo scale; measured once for a work dir, so that all tracks and seeds take as many."""
    row = ROWS[name]
    if row.steps_of:
        return round(row.times * _iterations(bench, row.steps_of, track, kind))
    if bench.iterations is not None:
        return bench.iterations
    path = bench.work_dir / "iterations.json"
    known: dict[str, int] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if name not in known:
        config = _with_weights(demo_config(name, track, kind, bench.configs), bench)
        known[name] = iterations_for(config, bench.minutes)
        _write(path, known)
    return known[name]


def hardware() -> str:
    """The GPU, or else the CPU and the number of threads."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    threads = torch.get_num_threads()
    return f"{(models or [platform.machine()])[0]}, {threads} thread{'s' * (threads > 1)}"


def _write(path: Path, content: Any) -> None:
    def write(partial: Path) -> None:
        partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, write)
