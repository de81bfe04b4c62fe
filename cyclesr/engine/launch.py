"""From a config and the command line to a running training."""

import os
from pathlib import Path
from typing import Any

import mmengine.device
import torch
from mmengine.config import Config

from cyclesr.config import DATALOADERS, check_config, fill_scale, load_config, train_on, validate_on
from cyclesr.engine.console import ConsoleRunner
from cyclesr.engine.preflight import check_folders, check_images
from cyclesr.errors import UserError


def train(
    config: str | Config,
    *,
    work_dir: str | None = None,
    resume: bool = False,
    amp: str | None = None,
    seed: int | None = None,
    device: str = "auto",
    options: dict[str, Any] | None = None,
    launcher: str = "none",
    folders: tuple[str, str] | None = None,
    held_out: tuple[str, str] | None = None,
    scale: int | None = None,
    iterations: int | None = None,
    refuse_used: bool = False,
) -> ConsoleRunner:
    """Trains what a config describes.

    Args:
        config: name or path of a config file, or a config.
        work_dir: where checkpoints and logs go; ``work_dirs/<name of the config>`` by default.
        resume: continue from the newest checkpoint in the work dir.
        amp: overrides ``optim_wrapper.amp``: ``none``, ``bf16``, ``fp16`` or ``auto``.
        seed: overrides ``randomness.seed``, and the seed of the training data's order and augmentation.
        device: ``auto``, ``cpu`` or ``cuda``.
        options: dotted keys and values laid over the config.
        launcher: ``none``, ``pytorch`` (torchrun), ``slurm`` or ``mpi``.
        folders: of HR and of real LR images, in place of the config's. Without ``held_out`` nothing is validated.
        held_out: folders of HR images and of their LR images for validation, in place of the config's.
        scale: overrides ``scale`` of the config.
        iterations: overrides ``train_cfg.max_iters``.
        refuse_used: refuses a work dir that holds checkpoints, unless the training resumes from them.

    Returns:
        The runner, after training.

    Raises:
        UserError: a mistake in the config, in the data or on the command line.
    """
    use_device(device)
    cfg = _read(config, options or {}, scale)
    cfg.setdefault("default_scope", "cyclesr")
    cfg.work_dir = work_dir or cfg.get("work_dir") or f"work_dirs/{Path(cfg.filename or 'run').stem}"
    cfg.resume = resume or cfg.get("resume", False)
    cfg.launcher = launcher
    if refuse_used and not cfg.resume:
        _refuse_used(Path(cfg.work_dir))
    if held_out is not None:
        validate_on(cfg, *held_out)
    if folders is not None:
        train_on(cfg, *folders, validates=held_out is not None)
    if iterations is not None:
        cfg.train_cfg.max_iters = iterations
    if amp is not None:
        cfg.optim_wrapper.amp = amp
    if seed is not None:
        cfg.setdefault("randomness", {})["seed"] = seed
        cfg.train_dataloader.dataset.seed = seed
    for name in DATALOADERS:
        if cfg.get(name):
            cfg[name].setdefault("collate_fn", dict(type="collate_crops"))  # mmengine's default leaves lists
    # Each rank draws noise of its own; the weights are rank 0's all the same.
    cfg.setdefault("randomness", {}).setdefault("diff_rank_seed", True)
    check_config(cfg)
    _check_kept_checkpoints(cfg)
    check_folders(cfg)
    if folders is not None and os.environ.get("RANK", "0") == "0":
        check_images(cfg.train_dataloader.dataset)
    if launcher != "none":
        _init_process_group(launcher)
    runner = ConsoleRunner.from_cfg(cfg)
    runner.train()
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
    return runner


def _read(config: str | Config, options: dict[str, Any], scale: int | None) -> Config:
    if scale not in (None, options.get("scale", scale)):
        raise UserError(f"--scale is {scale}, but --cfg-options say scale={options['scale']}: leave one of them out.")
    said = {} if scale is None else {"scale": scale}
    if isinstance(config, str):
        return load_config(config, options | said)
    config.update(said)
    fill_scale(config)
    return config


def use_device(device: str) -> None:
    """Makes mmengine use the device asked for; to be called before anything touches CUDA.

    Raises:
        UserError: ``cuda`` without a usable GPU, or an unknown word.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise UserError(f"--device must be auto, cpu or cuda, found {device!r}.")
    if device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        mmengine.device.utils.DEVICE = "cpu"  # mmengine looked when it was imported
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError("--device cuda: torch finds no usable GPU here. Use --device cpu, or install a CUDA build.")


def _refuse_used(work_dir: Path) -> None:
    """A second training would mix its checkpoints with those of the first, and ``--resume`` go on with either."""
    if any(work_dir.glob("iter_*.pth")):
        raise UserError(
            f"The work dir {work_dir} holds checkpoints of a training: give --resume to go on with it, or another "
            "--work-dir."
        )


def _check_kept_checkpoints(cfg: Config) -> None:
    keep = (cfg.get("default_hooks", {}).get("checkpoint") or {}).get("max_keep_ckpts", -1)
    if keep in (0, 1):
        raise UserError(
            f"default_hooks.checkpoint.max_keep_ckpts={keep} would leave no whole checkpoint while one is written: "
            "keep 2 or more, or -1 for all."
        )


def _init_process_group(launcher: str) -> None:
    """On CPUs the process group must exist before mmengine's, which would ask for a GPU.

    Raises:
        UserError: started without torchrun, which says which rank this process is.
    """
    if launcher != "pytorch" or torch.distributed.is_initialized():
        return
    if "RANK" not in os.environ:
        raise UserError("--launcher pytorch needs torchrun: torchrun --nproc_per_node=N -m cyclesr train CONFIG ...")
    if not torch.cuda.is_available():
        torch.distributed.init_process_group("gloo")
