"""The demo: compares the method with a training on bicubic pairs. It needs no download and minutes on a laptop."""

import json
import time
from pathlib import Path

from torch import nn

from cyclesr.config import load_config
from cyclesr.experiments.comparison import (
    MethodScores,
    Track,
    Upscale,
    as_dicts,
    as_table,
    bicubic_upscale,
    degradation_psnr,
    on_track,
    save_pictures,
    score,
    supervised,
    train_method,
)
from cyclesr.metrics.protocols import get_protocol

TITLES = {"bicubic": "bicubic", "sr_syn": "bicubic pairs", "cyclesr": "cyclesr"}


def track_of(data: Path) -> Track:
    """Returns the track in a folder made by ``cyclesr prepare demo``."""
    return Track(
        hr=data / "hr",
        real=data / "real",
        valid_lr=data / "valid" / "lr",
        valid_hr=data / "valid" / "hr",
        hidden_lr=data / "hidden",
        manifest=data / "manifest.json",
    )


def run_demo(config: str, data: Path, work_dir: Path, seed: int, iterations: int | None = None) -> list[MethodScores]:
    """Trains a network on bicubic pairs and one by the method, scores both, and writes results and pictures.

    Args:
        config: config of the method.
        data: folder made by ``cyclesr prepare demo``.
        work_dir: folder of checkpoints, logs, ``results.json``, ``results.md`` and ``pictures``.
        seed: seed of the weights, the order of the data and the augmentation.
        iterations: length of the method's training, in place of the config's ``train_cfg.max_iters``.

    Returns:
        The scores of ``bicubic``, ``sr_syn`` and ``cyclesr``.
    """
    track, cfg = track_of(data), load_config(config)
    cfg = on_track(cfg, track)
    if iterations is not None:
        cfg.train_cfg.max_iters = iterations
    protocol = get_protocol(cfg.test_evaluator.protocol, track.scale)
    upscale = bicubic_upscale(track.scale)
    scores, pictures = {}, {}
    scores["bicubic"], pictures["bicubic"] = score(upscale, track, protocol)
    rows = [_row("bicubic", scores["bicubic"], degradation_psnr(lambda syn: syn, track))]
    for method, settings in {"sr_syn": supervised(cfg), "cyclesr": cfg}.items():
        start = time.perf_counter()
        model = train_method(settings, work_dir / method, seed)
        minutes = (time.perf_counter() - start) / 60
        scores[method], pictures[method] = score(model, track, protocol)
        near = degradation_psnr(_degrade(model), track)
        rows.append(_row(method, scores[method], near, minutes, settings.train_cfg.max_iters))
    save_pictures(work_dir / "pictures", track, {TITLES[name]: images for name, images in pictures.items()})
    results = dict(seed=seed, protocol=protocol.name, rows=as_dicts(rows))
    (work_dir / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    (work_dir / "results.md").write_text(as_table(rows) + "\n", encoding="utf-8")
    return rows


def _degrade(model: nn.Module) -> Upscale:
    translator = getattr(model, "translator", None)
    return (lambda syn: syn) if translator is None else translator.degrade


def _row(method: str, scores: dict[str, float], near: float, minutes: float = 0.0, iterations: int = 0) -> MethodScores:
    return MethodScores(method, scores["psnr"], scores["ssim"], near, minutes, iterations)
