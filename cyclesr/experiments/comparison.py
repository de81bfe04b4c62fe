"""Several methods trained on the same unpaired images, scored on the same held-out pairs."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor, nn

from cyclesr.datasets.paired import match_hr
from cyclesr.degradations.imresize import imresize
from cyclesr.degradations.track import TrackDegradation
from cyclesr.engine.hooks.stage import StageHook
from cyclesr.engine.launch import train
from cyclesr.images.listing import list_images
from cyclesr.images.reading import read_image
from cyclesr.images.tensors import to_array, to_tensor
from cyclesr.images.writing import write_image
from cyclesr.metrics.protocols import Protocol
from cyclesr.metrics.quality import mean_scores
from cyclesr.models.stages import Stage

Upscale = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Track:
    """Folders of one simulated track.

    Attributes:
        hr: sharp images for training.
        real: real LR images for training, of other scenes than ``hr``.
        valid_lr, valid_hr: held-out pairs.
        hidden_lr: the true LR images of ``hr``, for analysis and for the supervised reference alone.
        manifest: the true kernels, for analysis alone.
        scale: between LR and HR.
    """

    hr: Path
    real: Path
    valid_lr: Path
    valid_hr: Path
    hidden_lr: Path
    manifest: Path
    scale: int = 4


@dataclass(frozen=True)
class MethodScores:
    """Scores of one method: mean PSNR (dB) and SSIM on the held-out pairs.

    ``degradation_psnr`` (dB) says how near the method's training LR images come to the true LR, noise apart.
    """

    method: str
    psnr: float
    ssim: float
    degradation_psnr: float | None
    minutes: float = 0.0
    iterations: int = 0


def on_track(config: Config, track: Track) -> Config:
    """A copy of a config, its folders replaced by the track's."""
    config = copy.deepcopy(config)
    config.train_dataloader.dataset.update(hr=str(track.hr), real=str(track.real))
    for name in ("val_dataloader", "test_dataloader"):
        config[name].dataset.update(lr=str(track.valid_lr), hr=str(track.valid_hr))
    return config


def supervised(config: Config, hidden_lr: Path | None = None) -> Config:
    """The same SR network, data and schedule without a translator, for as many SR steps.

    Args:
        config: of a collaborative model.
        hidden_lr: trains on true pairs (SR_paired); None trains on bicubic ones (SR_syn).
    """
    config = copy.deepcopy(config)
    steps, total = sr_steps(config), config.train_cfg.max_iters
    model = config.model
    config.model = dict(type="SupervisedSR", **{k: model[k] for k in ("sr", "sr_loss", "channels_last") if k in model})
    config.model["average"] = model.get("average", 0.0)
    for part in ("generators", "discriminators"):
        del config.optim_wrapper[part], config.param_scheduler[part]
    for schedule in config.param_scheduler.sr:
        start = schedule.decay_from * total - (total - steps)
        schedule.decay_from = max(0.0, start / steps)
    config.train_cfg.max_iters = steps
    config.custom_hooks = [hook for hook in config.get("custom_hooks", []) if hook["type"] != "StageHook"]
    if hidden_lr is None:
        config.model["degradation"] = model.degradation
    else:
        data = config.train_dataloader.dataset
        kept = {k: data[k] for k in ("hr", "scale", "crop", "cache", "seed") if k in data}
        augment = data.get("augment") is True  # HR alone cannot be turned, and a turned pair shows a turned degradation
        config.train_dataloader.dataset = dict(type="PairedDataset", lr=str(hidden_lr), augment=augment, **kept)
    return config


def sr_steps(config: Config) -> int:
    """How many steps of a training update the SR network."""
    (settings,) = (dict(hook) for hook in config.custom_hooks if hook["type"] == "StageHook")
    settings.pop("type")
    hook, total = StageHook(**settings), config.train_cfg.max_iters
    return sum(hook.stage_at(i, total) is not Stage.TRANSLATION for i in range(total))


def train_method(config: Config, work_dir: Path, seed: int) -> nn.Module:
    """Trains; returns the model in evaluation mode."""
    config = copy.deepcopy(config)
    config.experiment_name = "_".join(work_dir.parts[-3:]) + f"_seed{seed}"
    return train(config, work_dir=str(work_dir), seed=seed).model.eval()


def bicubic_upscale(scale: int) -> Upscale:
    """MATLAB's bicubic interpolation as an upscaling function of ``(1, 3, h, w)``."""
    return lambda lr: imresize(lr, scale=scale)


@torch.no_grad()
def score(upscale: Upscale, track: Track, protocol: Protocol) -> tuple[dict[str, float], dict[str, Tensor]]:
    """Scores an upscaling function on the held-out pairs; returns the means, and the SR images by name."""
    scores, images = [], {}
    for lr_path, hr_path in _pairs(track.valid_lr, track.valid_hr, track.scale):
        sr = upscale(to_tensor(read_image(lr_path))[None])[0].float().cpu()
        scores.append(protocol.score(sr, to_tensor(read_image(hr_path))))
        images[hr_path.stem] = sr
    return mean_scores(scores), images


@torch.no_grad()
def degradation_psnr(degrade: Upscale, track: Track, draws: int = 4, from_hr: bool = False) -> float:
    """How near ``degrade`` comes to the true LR: mean PSNR in dB over the HR training images.

    Both are compared without noise: the truth leaves it out, a stochastic translator is averaged over some draws.

    Args:
        degrade: ``syn`` to ``fake_real``, or ``hr`` to ``fake_real``.
        track: its manifest and hidden LR file names tell the true degradation.
        draws: of a stochastic translator.
        from_hr: ``degrade`` takes ``hr``.
    """
    values = []
    for lr_path, hr_path in _pairs(track.hidden_lr, track.hr, track.scale):
        hr = to_tensor(read_image(hr_path))[None]
        truth = TrackDegradation(track.manifest, lr_path.name)(hr)
        source = hr if from_hr else imresize(hr, scale=1 / track.scale).clamp(0, 1)
        fake_real = torch.stack([degrade(source).float().cpu() for _ in range(draws)]).mean(0)
        values.append(-10 * torch.log10((fake_real - truth).square().mean()).item())
    return float(np.mean(values))


@torch.no_grad()
def noise_levels(degrade: Upscale, track: Track) -> tuple[float, float]:
    """Root mean square noise of ``degrade``, from HR, and of the true LR, 8-bit rounding included, in levels of 255.

    That of ``degrade`` is what two draws of it differ by, over the root of two; 0 for one that draws nothing.
    """
    fake, true = [], []
    for lr_path, hr_path in _pairs(track.hidden_lr, track.hr, track.scale):
        hr, lr = (to_tensor(read_image(path))[None] for path in (hr_path, lr_path))
        fake.append(_rms(degrade(hr).float().cpu() - degrade(hr).float().cpu()) / 2**0.5)
        true.append(_rms(lr - TrackDegradation(track.manifest, lr_path.name)(hr)))
    return 255 * float(np.mean(fake)), 255 * float(np.mean(true))


def _rms(difference: Tensor) -> float:
    return difference.square().mean().sqrt().item()


def save_pictures(folder: Path, track: Track, results: dict[str, dict[str, Tensor]]) -> list[Path]:
    """One picture for each held-out image: ``LR | each method | HR``, titled, a central crop of at most 320 px."""
    import cv2

    saved = []
    for lr_path, hr_path in _pairs(track.valid_lr, track.valid_hr, track.scale):
        hr, lr = to_tensor(read_image(hr_path)), to_tensor(read_image(lr_path))
        nearest = torch.nn.functional.interpolate(lr[None], scale_factor=track.scale, mode="nearest")[0]
        panels = {"real LR": nearest, **{n: images[hr_path.stem] for n, images in results.items()}, "HR": hr}
        titled = []
        for title, image in panels.items():
            crop = np.ascontiguousarray(to_array(_centre(image, 320)))
            bar = np.full((28, crop.shape[1], 3), 255, np.uint8)
            cv2.putText(bar, title, (6, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1, cv2.LINE_AA)
            titled.append(np.vstack([bar, crop]))
        path = folder / f"{hr_path.stem}.png"
        write_image(path, np.hstack(titled))
        saved.append(path)
    return saved


def _pairs(lr: Path, hr: Path, scale: int) -> list[tuple[Path, Path]]:
    paths = list_images(lr)
    return list(zip(paths, match_hr(paths, list_images(hr), scale), strict=True))


def _centre(image: Tensor, side: int) -> Tensor:
    height, width = image.shape[-2:]
    top, left = max(0, (height - side) // 2), max(0, (width - side) // 2)
    return image[:, top : top + side, left : left + side]


def as_table(rows: Sequence[MethodScores]) -> str:
    """The rows as a Markdown table."""
    lines = ["| method | PSNR | SSIM | LR to true LR | minutes |", "|---|---|---|---|---|"]
    for row in rows:
        near = "" if row.degradation_psnr is None else f"{row.degradation_psnr:.2f} dB"
        lines.append(f"| {row.method} | {row.psnr:.2f} dB | {row.ssim:.4f} | {near} | {row.minutes:.1f} |")
    return "\n".join(lines)


def as_dicts(rows: Sequence[MethodScores]) -> list[dict[str, Any]]:
    """The rows for a JSON file."""
    return [asdict(row) for row in rows]
