"""The body of ``tools/test.py``: scores a checkpoint, bicubic, or anyone's folder of images under a protocol."""

import hashlib
import logging
import platform
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.logging import print_log
from torch import Tensor

import cyclesr
from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.config import check_config, load_config
from cyclesr.datasets.paired import match_hr
from cyclesr.degradations.imresize import imresize
from cyclesr.errors import UserError
from cyclesr.images.listing import list_images
from cyclesr.images.reading import read_image
from cyclesr.images.tensors import to_array, to_tensor
from cyclesr.images.writing import write_image
from cyclesr.inference.files import choose_device
from cyclesr.inference.upscale import Upscaler
from cyclesr.metrics.lpips import Lpips, load_lpips
from cyclesr.metrics.protocols import Protocol, get_protocol
from cyclesr.metrics.quality import Scores, mean_scores
from cyclesr.progress import progress_bar
from cyclesr.registry import DATASETS

BICUBIC = "bicubic"


@dataclass(frozen=True)
class Pair:
    """What is scored: (3, H, W) in [0, 1] each, and the name of the image."""

    name: str
    sr: Tensor
    hr: Tensor


@dataclass(frozen=True)
class Settings:
    """What the command line says about scoring.

    Attributes:
        protocol: name; ``None`` takes the config's, or ``plain``.
        lpips: network of LPIPS; ``None`` takes alex where the protocol or the config asks for LPIPS.
        lpips_weights: file or folder of its backbone weights; ``None`` looks into torch hub's cache.
        subpixel: with a shift search, also the column ``psnr_subpixel``.
        save_images: folder for the SR images.
        device: of the network and of LPIPS: ``auto``, ``cpu``, ``cuda`` ...
    """

    protocol: str | None = None
    lpips: str | None = None
    lpips_weights: str | None = None
    subpixel: bool = False
    save_images: str | None = None
    device: str = "auto"


@dataclass(frozen=True)
class Results:
    """Scores of a whole set.

    Attributes:
        method: file name of the checkpoint, ``bicubic``, or the folder of images.
        protocol: how it was scored.
        scale: of the network or of the set.
        per_image: scores by image name.
        provenance: what else a reader needs to repeat it: versions, hash of the checkpoint, which LPIPS ...
    """

    method: str
    protocol: Protocol
    scale: int
    per_image: dict[str, Scores]
    provenance: dict[str, Any]

    @property
    def means(self) -> Scores:
        """Mean of the images' scores."""
        return mean_scores(list(self.per_image.values()))


def evaluate_config(
    config_path: str,
    method: str,
    settings: Settings,
    options: dict[str, Any] | None = None,
    scale: int | None = None,
) -> Results:
    """Scores a network on the test set of a config.

    Args:
        config_path: config file with a ``test_dataloader``.
        method: a checkpoint file, or ``bicubic``: MATLAB's bicubic, the double path.
        settings: of the scoring.
        options: dotted config keys and values.
        scale: that the test set must have; ``None`` takes any.

    Raises:
        UserError: no test set, a set or a network of another scale, a mistake in a file or a name, a setting that the
            protocol has no use for, or images to be saved among those of the set.
    """
    config = load_config(config_path, options)
    check_config(config)
    metric = metric_config(config)
    dataset = _test_set(config)
    if scale not in (None, dataset.scale):
        raise UserError(f"--scale is {scale}, the test set of {config_path} is x{dataset.scale}: leave --scale out.")
    _refuse_to_overwrite(settings, *{Path(path).parent for path in (*dataset.lr_paths, *dataset.hr_paths)})
    device = choose_device(settings.device)
    upscale, provenance = _method(method, dataset.scale, device)
    protocol = get_protocol(settings.protocol or metric.get("protocol", "plain"), dataset.scale)
    net = _lpips_network(settings, protocol, metric)
    _refuse_unused(settings, protocol, net)
    lpips = _load_lpips(net, settings.lpips_weights or metric.get("lpips_weights"), device)
    pairs = (_upscaled(dataset[index], upscale) for index in range(len(dataset)))
    scored, seconds = score_all(pairs, len(dataset), protocol, lpips, settings)
    provenance |= versions() | _lpips_used(lpips) | {"config": config_path, "device": str(device), "seconds": seconds}
    return Results(Path(method).name, protocol, dataset.scale, scored, provenance)


def evaluate_folder(images: str, hr: str, settings: Settings, scale: int = 4) -> Results:
    """Scores a folder of SR images made by anyone; HR images without one are left out, with a warning.

    Args:
        images: folder of SR images, named as their HR images or with a track's suffix (``0801x4.png``).
        hr: folder of HR images; one that is larger by less than ``scale`` loses the surplus below and right.
        settings: of the scoring.
        scale: at which the images were made; some protocols depend on it.

    Raises:
        UserError: a folder without images, an SR image without HR, or of another size, a setting that nothing has a use
            for, or images to be saved among them.
    """
    _refuse_to_overwrite(settings, images, hr)
    protocol = get_protocol(settings.protocol or "plain", scale)
    net = _lpips_network(settings, protocol, {})
    _refuse_unused(settings, protocol, net)
    if net is None and settings.device != "auto":
        raise UserError("--device is where LPIPS of --images is computed, and none is asked for: leave it out.")
    device = choose_device(settings.device)
    lpips = _load_lpips(net, settings.lpips_weights, device)
    sr_paths = list_images(images)
    all_hr = list_images(hr)
    hr_paths = match_hr(sr_paths, all_hr, scale)
    _warn_of_unmatched(len({*all_hr} - {*hr_paths}), images)
    pairs = (_read_pair(*paths, scale) for paths in zip(sr_paths, hr_paths, strict=True))
    scored, seconds = score_all(pairs, len(sr_paths), protocol, lpips, settings)
    provenance = versions() | _lpips_used(lpips) | {"images_folder": images, "hr_folder": hr}
    provenance |= {"device": str(device), "seconds": seconds}
    return Results(images, protocol, scale, scored, provenance)


def _warn_of_unmatched(count: int, images: str) -> None:
    if count:
        text = f"{count} HR images have no SR image in {images}: the means are those of the others."
        print_log(text, logger="current", level=logging.WARNING)


def _refuse_to_overwrite(settings: Settings, *folders: str | Path) -> None:
    saved = settings.save_images
    if saved and Path(saved).resolve() in [Path(folder).resolve() for folder in folders]:
        raise UserError(f"The images in {saved} are what is scored: give another folder to --save-images.")


def score_all(
    pairs: Iterable[Pair], total: int, protocol: Protocol, lpips: Lpips | None, settings: Settings
) -> tuple[dict[str, Scores], float]:
    """Scores each pair under a progress bar, and saves the SR images when asked to.

    Returns:
        Scores by image name, and the seconds that it took.

    Raises:
        UserError: two images of one name, or what the protocol raises; the message then names the image.
    """
    scored: dict[str, Scores] = {}
    start = time.perf_counter()
    with progress_bar() as progress:
        for pair in progress.track(pairs, total=total, description=protocol.name):
            if pair.name in scored:
                raise UserError(f"Two images are named {pair.name}; names must differ.")
            scored[pair.name] = _score(pair, protocol, lpips, settings)
    return scored, round(time.perf_counter() - start, 3)


def _score(pair: Pair, protocol: Protocol, lpips: Lpips | None, settings: Settings) -> Scores:
    try:
        scores = protocol.score(pair.sr, pair.hr, lpips, settings.subpixel)
    except UserError as error:
        raise UserError(f"{pair.name}: {error}") from error
    if settings.save_images:
        write_image(Path(settings.save_images) / f"{pair.name}.png", to_array(pair.sr))
    return scores


def _upscaled(item: dict[str, Any], upscale: Callable[[Tensor], Tensor]) -> Pair:
    return Pair(Path(item["lr_path"]).stem, upscale(item["lr"]), item["hr"])


def _read_pair(sr_path: Path, hr_path: Path, scale: int) -> Pair:
    sr, hr = (to_tensor(read_image(path)) for path in (sr_path, hr_path))
    surplus = [large - small for large, small in zip(hr.shape[1:], sr.shape[1:], strict=True)]
    if all(0 <= pixels < scale for pixels in surplus):
        hr = hr[:, : sr.shape[1], : sr.shape[2]]
    return Pair(sr_path.stem, sr, hr)


def _method(method: str, scale: int, device: torch.device) -> tuple[Callable[[Tensor], Tensor], dict[str, Any]]:
    """The function LR image -> SR image, and where it comes from."""
    if method == BICUBIC:
        return lambda lr: imresize(lr.double(), scale), {"checkpoint": None}
    network, own_scale = load_sr(method, device)
    if own_scale != scale:
        raise UserError(f"The network in {method} enlarges x{own_scale}, the test set of the config is x{scale}.")
    return Upscaler(network, scale, device), {"checkpoint": method, "sha256": file_hash(method)}


def file_hash(path: str | Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def metric_config(config: Config) -> dict[str, Any]:
    """What a config says of its ``SRQuality`` for tests, be it one evaluator or one of a list; empty without one."""
    evaluators = config.get("test_evaluator") or []
    listed = [evaluators] if isinstance(evaluators, dict) else evaluators
    return next((dict(e) for e in listed if e.get("type") == "SRQuality"), {})


def _test_set(config: Config) -> Any:
    loader = config.get("test_dataloader")
    if not loader:
        raise UserError(f"The config {config.filename} has no test_dataloader: there is nothing to test on.")
    dataset = DATASETS.build(loader["dataset"])
    if not (hasattr(dataset, "scale") and len(dataset)):
        raise UserError(f"The test set of {config.filename} is no PairedDataset with images in it.")
    if "hr" not in dataset[0]:
        raise UserError(f"The test set of {config.filename} has no HR images: give its dataset a folder 'hr'.")
    return dataset


def _lpips_network(settings: Settings, protocol: Protocol, metric: dict[str, Any]) -> str | None:
    return settings.lpips or metric.get("lpips") or ("alex" if protocol.lpips else None)


def _load_lpips(net: str | None, weights: str | None, device: torch.device) -> Lpips | None:
    found = None if net is None else load_lpips(net, weights)
    return None if found is None else found.to(device)


def _refuse_unused(settings: Settings, protocol: Protocol, lpips: str | None) -> None:
    """Raises a UserError for an option that would change nothing."""
    if settings.subpixel and protocol.shift is None:
        raise UserError(
            f"--subpixel refines a shift search, and the protocol {protocol.name} has none: leave it out, or choose "
            "another --protocol."
        )
    if settings.lpips_weights and lpips is None:
        raise UserError(
            f"--lpips-weights are for LPIPS, which the protocol {protocol.name} does not measure: leave them out, or "
            "add --lpips alex."
        )


def _lpips_used(lpips: Lpips | None) -> dict[str, Any]:
    """Which LPIPS was measured, for the files of results: its networks differ by a factor; empty without it."""
    if lpips is None:
        return {}
    weights = {"weights": lpips.weights.name, "sha256": file_hash(lpips.weights)}
    return {"lpips_network": {"net": lpips.net, **weights, "lpips": version("lpips")}}


def versions() -> dict[str, Any]:
    """What computed the scores, for the files of results."""
    return {
        "versions": {
            "cyclesr": cyclesr.__version__,
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        }
    }
