"""Comparison of methods that are trained on the same unpaired images and scored on the same held-out pairs."""

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
from cyclesr.experiments.pictures import side_by_side
from cyclesr.images.listing import list_images
from cyclesr.images.reading import read_image
from cyclesr.images.tensors import to_tensor
from cyclesr.images.writing import write_image
from cyclesr.metrics.protocols import Protocol
from cyclesr.metrics.quality import mean_scores
from cyclesr.models.stages import Stage
from cyclesr.text_tables import markdown_table

Upscale = Callable[[Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class Folders:
    """Folders of one experiment with unpaired images.

    Attributes:
        hr: HR images for training.
        real: real LR images for training, of other scenes than ``hr``.
        valid_lr, valid_hr: held-out pairs.
        hidden_lr: the true LR images of ``hr``, used only for analysis and for the supervised reference. ``None`` if
            they do not exist.
        scale: scale factor between LR and HR.
    """

    hr: Path
    real: Path
    valid_lr: Path
    valid_hr: Path
    hidden_lr: Path | None
    scale: int = 4


@dataclass(frozen=True, kw_only=True)
class Track(Folders):
    """Folders of one simulated track.

    Attributes:
        manifest: the true degradations, used only for analysis.
    """

    hidden_lr: Path
    manifest: Path


@dataclass(frozen=True)
class MethodScores:
    """Scores of one method.

    Attributes:
        method: name of the method.
        psnr: mean PSNR on the held-out pairs, dB.
        ssim: mean SSIM on the held-out pairs.
        degradation_psnr: PSNR of the method's LR training images against the true ones without noise, dB. ``None`` if
            the method has no translator.
        minutes: training time.
        iterations: number of training iterations.
    """

    method: str
    psnr: float
    ssim: float
    degradation_psnr: float | None
    minutes: float = 0.0
    iterations: int = 0


def on_track(config: Config, track: Folders) -> Config:
    """Returns a copy of a config in which the image folders are those of the track or experiment."""
    config = copy.deepcopy(config)
    config.train_dataloader.dataset.update(hr=str(track.hr), real=str(track.real))
    for name in ("val_dataloader", "test_dataloader"):
        config[name].dataset.update(lr=str(track.valid_lr), hr=str(track.valid_hr))
    return config


def supervised(config: Config, hidden_lr: Path | None = None) -> Config:
    """Returns a config that trains the same SR network on the same data with supervision, for as many SR steps.

    Args:
        config: config of a collaborative model.
        hidden_lr: folder of the true LR images, for a training on true pairs (SR_paired). ``None`` trains on bicubic
            pairs (SR_syn).
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
        # 'hr' and 'hr_flips' keep the orientation of the degradation; turning HR and LR together would change it.
        augment = data.get("augment") is True
        config.train_dataloader.dataset = dict(type="PairedDataset", lr=str(hidden_lr), augment=augment, **kept)
    return config


def sr_steps(config: Config) -> int:
    """Returns the number of training steps that update the SR network."""
    (settings,) = (dict(hook) for hook in config.custom_hooks if hook["type"] == "StageHook")
    settings.pop("type")
    hook, total = StageHook(**settings), config.train_cfg.max_iters
    return sum(hook.stage_at(i, total) is not Stage.TRANSLATION for i in range(total))


def train_method(config: Config, work_dir: Path, seed: int) -> nn.Module:
    """Trains a config and returns the model in evaluation mode."""
    config = copy.deepcopy(config)
    config.experiment_name = "_".join(work_dir.parts[-3:]) + f"_seed{seed}"
    return train(config, work_dir=str(work_dir), seed=seed).model.eval()


def bicubic_upscale(scale: int) -> Upscale:
    """Returns MATLAB's bicubic interpolation as a function of LR images ``(1, 3, h, w)``."""
    return lambda lr: imresize(lr, scale=scale)


@torch.no_grad()
def score(upscale: Upscale, track: Track, protocol: Protocol) -> tuple[dict[str, float], dict[str, Tensor]]:
    """Scores an upscaling function on the held-out pairs.

    Args:
        upscale: function from ``(1, 3, h, w)`` to ``(1, 3, scale * h, scale * w)``.
        track: the track with the held-out pairs.
        protocol: scoring protocol.

    Returns:
        The mean scores, and the SR images (3, H, W) by the name of the HR image.
    """
    scores, images = [], {}
    for lr_path, hr_path in held_out_pairs(track):
        sr = upscale(to_tensor(read_image(lr_path))[None])[0].float().cpu()
        scores.append(protocol.score(sr, to_tensor(read_image(hr_path))))
        images[hr_path.stem] = sr
    return mean_scores(scores), images


@torch.no_grad()
def degradation_psnr(degrade: Upscale, track: Track, draws: int = 4, from_hr: bool = False) -> float:
    """Returns the mean PSNR (dB) of ``degrade`` against the true degradation over the HR training images.

    Both are compared without noise: the true degradation is applied without it, and the outputs of a stochastic
    translator are averaged.

    Args:
        degrade: function from ``syn`` or ``hr`` to ``fake_real``, (1, 3, H, W) each.
        track: the track. Its manifest and the names of its hidden LR files define the true degradation.
        draws: number of outputs of ``degrade`` that are averaged.
        from_hr: whether ``degrade`` takes ``hr`` instead of ``syn``.
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
    """Returns the root mean square of the noise of ``degrade`` and of the true LR images, in units of 1/255.

    The noise of ``degrade`` is the difference of two outputs for the same input, divided by the square root of two; it
    is 0 for a deterministic function. The noise of the true LR images includes their rounding to 8 bits.

    Args:
        degrade: function from ``hr`` to ``fake_real``, (1, 3, H, W) each.
        track: the track with the HR training images and their true LR images.
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
    """Writes a picture per held-out image, ``LR | each method | HR`` with titles, and returns the paths.

    Each panel is a central crop of at most 320 x 320 pixels.
    """
    saved = []
    for lr_path, hr_path in held_out_pairs(track):
        hr, lr = to_tensor(read_image(hr_path)), to_tensor(read_image(lr_path))
        images = {title: named[hr_path.stem] for title, named in results.items()}
        path = folder / f"{hr_path.stem}.png"
        write_image(path, side_by_side({"real LR": enlarge_nearest(lr, track.scale), **images, "HR": hr}))
        saved.append(path)
    return saved


def enlarge_nearest(lr: Tensor, scale: int) -> Tensor:
    """Returns an image (3, h, w) with each pixel repeated ``scale`` times both ways."""
    return torch.nn.functional.interpolate(lr[None], scale_factor=scale, mode="nearest")[0]


def held_out_pairs(track: Folders) -> list[tuple[Path, Path]]:
    """Returns the paths of the held-out LR images, each with that of its HR image."""
    return _pairs(track.valid_lr, track.valid_hr, track.scale)


def _pairs(lr: Path, hr: Path, scale: int) -> list[tuple[Path, Path]]:
    paths = list_images(lr)
    return list(zip(paths, match_hr(paths, list_images(hr), scale), strict=True))


def as_table(rows: Sequence[MethodScores]) -> str:
    """Returns the scores as a Markdown table, one method per row."""
    cells = []
    for row in rows:
        near = "" if row.degradation_psnr is None else f"{row.degradation_psnr:.2f} dB"
        cells.append([row.method, f"{row.psnr:.2f} dB", f"{row.ssim:.4f}", near, f"{row.minutes:.1f}"])
    return markdown_table(["method", "PSNR", "SSIM", "LR to true LR", "minutes"], cells)


def as_dicts(rows: Sequence[MethodScores]) -> list[dict[str, Any]]:
    """Returns the scores for a JSON file."""
    return [asdict(row) for row in rows]
