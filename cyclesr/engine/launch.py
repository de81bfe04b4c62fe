"""Launch of a training from a config and command-line options."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import mmengine.device
import torch
from mmengine.config import Config
from mmengine.dist import init_dist
from mmengine.utils.dl_utils import set_multi_processing

from cyclesr.config import check_config, load_config, train_on, validate_on
from cyclesr.engine.building import check_needed, errors_of_config
from cyclesr.engine.console import ConsoleRunner
from cyclesr.engine.default_hooks import check_default_hooks
from cyclesr.engine.full_disk import full_disk_in_one_line
from cyclesr.engine.loaders import fit_loaders
from cyclesr.engine.lock import only_training_in
from cyclesr.engine.measuring import hand_over, measure_camera
from cyclesr.engine.own_images import own_config, own_work_dir
from cyclesr.engine.preflight import check_folders, check_images, check_pairs, check_unused, say_passed_over
from cyclesr.engine.ranks import on_rank_0
from cyclesr.engine.recipe import RecipeKind
from cyclesr.engine.sr_weights import start_options
from cyclesr.errors import UserError


def train(
    config: str | Config | None,
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
    sr_weights: str | None = None,
    recipe: RecipeKind = "fidelity",
    refuse_used: bool = False,
    deterministic: bool = False,
) -> ConsoleRunner:
    """Trains the model of a config.

    Args:
        config: name or path of a config file, or a config. None chooses one for ``folders``, see
            :func:`~cyclesr.engine.own_images.own_config`.
        work_dir: folder of checkpoints and logs. The default is ``work_dirs/<name of the config>``, without a config
            ``work_dirs/<name of the folder of real images>``.
        resume: whether to continue from the newest checkpoint in the work dir.
        amp: overrides ``optim_wrapper.amp``: ``none``, ``bf16``, ``fp16`` or ``auto``.
        seed: overrides ``randomness.seed``, and the seed of the order and augmentation of the training data.
        device: ``auto``, ``cpu`` or ``cuda``.
        options: config keys (dotted) and values that override the config.
        launcher: ``none``, ``pytorch`` (torchrun), ``slurm`` or ``mpi``.
        folders: folders of HR and of real LR images that replace the config's. Without ``held_out`` there is no
            validation.
        held_out: folders of HR images and of their LR images for validation, which replace the config's.
        scale: overrides ``scale`` of a config file.
        iterations: overrides ``train_cfg.max_iters``.
        sr_weights: file of pretrained weights, from which the SR network starts and whose architecture it gets, see
            :func:`~cyclesr.engine.sr_weights.network_of`. Only for the name of a config, or without a config.
        recipe: what is chosen without a config: ``fidelity`` or ``perceptual``.
        refuse_used: whether a work dir that holds checkpoints is an error, unless the training resumes from them.
        deterministic: whether only algorithms run that give the same bits every time; others are an error of torch.

    Returns:
        The runner after the training.

    Raises:
        UserError: the config, the data or an option is invalid; another process trains in the work dir; or the
            training cannot go on.
        Interrupted: Ctrl-C or SIGTERM has ended the training, after a checkpoint.
    """
    use_device(device)
    if deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when CUDA is initialised
    if sr_weights is not None:
        start = start_options(sr_weights, scale)
        options, scale = {**start, **(options or {})}, start["scale"]
    cfg = load_config(config, options, scale) if isinstance(config, str) else config
    if cfg is None:
        place = own_work_dir(folders, work_dir, resume=resume)
    else:
        place = work_dir or cfg.get("work_dir") or f"work_dirs/{Path(cfg.filename or 'run').stem}"
    with _process_group(launcher, cfg), only_training_in(Path(place)):
        if cfg is None:
            amp_option = {} if amp is None else {"optim_wrapper.amp": amp}  # it decides how long a step takes
            options = {**(options or {}), **amp_option}
            length = dict(scale=scale, iterations=iterations)
            cfg = own_config(folders, Path(place), resume=resume, options=options, kind=recipe, **length)
        check_needed(cfg)
        cfg.setdefault("default_scope", "cyclesr")
        cfg.work_dir = place
        cfg.resume = resume or cfg.get("resume", False)
        cfg.launcher = launcher
        if refuse_used and not cfg.resume:
            check_unused(Path(cfg.work_dir))
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
        if deterministic:
            cfg.setdefault("randomness", {})["deterministic"] = True
            cfg.setdefault("env_cfg", {})["cudnn_benchmark"] = False
        # Ranks must draw different noise. All ranks take the weights of rank 0 anyway.
        cfg.setdefault("randomness", {}).setdefault("diff_rank_seed", True)
        check_default_hooks(cfg)
        check_config(cfg)
        fit_loaders(cfg)
        check_folders(cfg)
        on_rank_0(lambda: _check_images(cfg, folders is not None))
        measured = measure_camera(cfg, stored=cfg.resume or config is None)
        with full_disk_in_one_line(place):
            with errors_of_config("The training"):
                runner = ConsoleRunner.from_cfg(cfg)
            hand_over(measured, runner.model)
            with _closed_after_errors(runner):
                runner.train()
    return runner


@contextmanager
def _closed_after_errors(runner: ConsoleRunner) -> Iterator[None]:
    """Closes the visualizer if the training ends early: TensorBoard keeps what it is given for two minutes."""
    try:
        yield
    except BaseException:
        with suppress(OSError):  # the disk may be full
            runner.visualizer.close()
        raise


def _check_images(cfg: Config, own: bool) -> None:
    if own:
        check_images(cfg.train_dataloader.dataset)
        say_passed_over(cfg.train_dataloader.dataset)
    held_out = (cfg.get("val_dataloader") or {}).get("dataset") or {}
    if held_out.get("type") == "PairedDataset":
        check_pairs(held_out)


def use_device(device: str) -> None:
    """Makes mmengine use a device. Must be called before anything initialises CUDA.

    Args:
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        UserError: the device is unknown, or it is ``cuda`` and there is no usable GPU.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise UserError(f"--device must be auto, cpu or cuda, found {device!r}.")
    if device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        mmengine.device.utils.DEVICE = "cpu"  # mmengine chooses the device when it is imported
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError("--device cuda: torch finds no usable GPU. Use --device cpu, or install a CUDA build of torch.")


@contextmanager
def _process_group(launcher: str, config: Config | None) -> Iterator[None]:
    """Initialises the process group of several ranks, and destroys it at the end, even after an error.

    Without GPUs it is initialised on CPUs, because mmengine would initialise one that needs GPUs.

    Raises:
        UserError: the process was not started by torchrun, which sets its rank.
    """
    try:
        if launcher != "none" and not torch.distributed.is_initialized():
            _init_process_group(launcher, (config or {}).get("env_cfg") or {})
        yield
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def _init_process_group(launcher: str, settings: dict[str, Any]) -> None:
    if launcher == "pytorch" and "RANK" not in os.environ:
        raise UserError("--launcher pytorch needs torchrun: torchrun --nproc_per_node=N -m cyclesr train CONFIG ...")
    if launcher == "pytorch" and not torch.cuda.is_available():
        torch.distributed.init_process_group("gloo")
        return
    set_multi_processing(**settings.get("mp_cfg", {}), distributed=True)  # as mmengine's runner does it before
    init_dist(launcher, **settings.get("dist_cfg", {}))
