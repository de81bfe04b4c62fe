"""Benchmark of methods on a track that is simulated from a folder of photographs, for a given training time."""

import copy
import time
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from cyclesr.config import load_config
from cyclesr.datasets.tracks import split_and_simulate
from cyclesr.engine.measuring import measure_camera
from cyclesr.engine.timing import seconds_per_iteration
from cyclesr.experiments.comparison import (
    MethodScores,
    Track,
    as_dicts,
    as_table,
    bicubic_upscale,
    degradation_psnr,
    on_track,
    score,
    sr_steps,
    supervised,
    train_method,
)
from cyclesr.inference.evaluation_report import check_place, strict_json
from cyclesr.metrics.protocols import Protocol, get_protocol

# Unpaired methods cannot know how far a degradation shifts the image. Tracks with shifts are scored at the best shift.
TRACK_PROTOCOLS = {"unknown": "plain", "mild": "cyclesr", "wild": "cyclesr"}


def benchmark_track(
    hr: Path,
    name: str,
    minutes: float,
    seed: int,
    methods: Sequence[str],
    configs: dict[str, str],
    work_dir: Path,
    out: Path,
) -> list[MethodScores]:
    """Simulates the track, then trains and scores each method.

    Args:
        hr: folder of sharp photographs. Two fifths become ``hr``, two fifths ``real``, and one fifth is held out.
        name: ``unknown``, ``mild`` or ``wild``.
        minutes: training time of each unpaired method. The supervised ones take as many SR steps as CycleSR.
        seed: seed of the track, the weights, the order of the data and the augmentation.
        methods: names among ``bicubic``, ``sr_syn``, ``cyclesr``, ``unitsr`` and ``sr_paired``.
        configs: paths of the configs of ``cyclesr`` and ``unitsr``.
        work_dir: folder of data, checkpoints and logs.
        out: JSON file, rewritten after every method, so that a stopped run keeps its results.

    Returns:
        The scores of each method, in the order given.

    Raises:
        UserError: ``out`` is not a .json file or cannot be written, or simulating or training fails.
    """
    check_place(out)
    track = Track(**split_and_simulate(hr, name, work_dir / "data", seed=seed))
    protocol = get_protocol(TRACK_PROTOCOLS[name], track.scale)
    rows: list[MethodScores] = []
    steps = None
    for method in methods:
        row, steps = _row(method, track, protocol, minutes, seed, configs, work_dir, steps)
        rows.append(row)
        results = dict(track=name, protocol=protocol.name, seed=seed, minutes=minutes, rows=as_dicts(rows))
        out.write_text(strict_json(results), encoding="utf-8")
        out.with_suffix(".md").write_text(as_table(rows) + "\n", encoding="utf-8")
    return rows


def _row(
    method: str,
    track: Track,
    protocol: Protocol,
    minutes: float,
    seed: int,
    configs: dict[str, str],
    work_dir: Path,
    steps: int | None,
) -> tuple[MethodScores, int | None]:
    base = on_track(load_config(configs["unitsr" if method == "unitsr" else "cyclesr"]), track)
    if method == "bicubic":
        scores, _ = score(bicubic_upscale(track.scale), track, protocol)
        return MethodScores(method, scores["psnr"], scores["ssim"], degradation_psnr(lambda syn: syn, track)), steps
    if method == "unitsr" or steps is None:
        base.train_cfg.max_iters = iterations_for(base, minutes)
        steps = steps or sr_steps(base)
    else:
        base.train_cfg.max_iters = round(steps / sr_steps(base) * base.train_cfg.max_iters)
    config = {
        "sr_syn": lambda: supervised(base),
        "sr_paired": lambda: supervised(base, track.hidden_lr),
    }.get(method, lambda: base)()
    start = time.perf_counter()
    model = train_method(config, work_dir / method, seed)
    spent = (time.perf_counter() - start) / 60
    scores, _ = score(model, track, protocol)
    translator = getattr(model, "translator", None)
    near = None if translator is None else degradation_psnr(translator.degrade, track)
    return MethodScores(method, scores["psnr"], scores["ssim"], near, spent, config.train_cfg.max_iters), steps


def iterations_for(config: Config, minutes: float) -> int:
    """Returns the number of iterations of a config that fit into a time, measured on a few steps of each stage."""
    config = copy.deepcopy(config)
    measured = measure_camera(config)  # as every training does first
    return max(10, int(60 * minutes / seconds_per_iteration(config, measured)))
