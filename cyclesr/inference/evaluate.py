"""Evaluation of a checkpoint, of bicubic interpolation or of a folder of SR images under a scoring protocol."""

import hashlib
import logging
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from mmengine.config import Config
from mmengine.logging import print_log
from torch import Tensor

import cyclesr
from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.config import check_config, load_config, validate_on
from cyclesr.datasets.paired import match_hr
from cyclesr.degradations.imresize import imresize
from cyclesr.errors import UserError
from cyclesr.images.listing import list_images
from cyclesr.images.reading import channels_of_file, read_image
from cyclesr.images.tensors import to_array, to_tensor
from cyclesr.images.writing import suffix_for, write_image
from cyclesr.inference.files import choose_device
from cyclesr.inference.upscale import Upscaler
from cyclesr.metrics.columns import Column, load_columns
from cyclesr.metrics.dists import Dists, load_dists
from cyclesr.metrics.lpips import Lpips, load_lpips
from cyclesr.metrics.protocols import Protocol, get_protocol
from cyclesr.metrics.quality import Scores, mean_scores
from cyclesr.progress import progress_bar
from cyclesr.registry import DATASETS

BICUBIC = "bicubic"

Item = TypeVar("Item")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Pair:
    """An SR image and its HR image, each (3, H, W) in [0, 1], and the name of the image."""

    name: str
    sr: Tensor
    hr: Tensor


@dataclass(frozen=True)
class Settings:
    """Scoring options of the command line.

    Attributes:
        protocol: name of the protocol. ``None`` takes the config's, or ``plain`` if it names none.
        lpips: backbone of LPIPS. ``None`` takes the config's; if it names none, ``alex`` when the protocol includes
            LPIPS, and no LPIPS otherwise.
        lpips_weights: file or folder of the backbone's weights. ``None`` takes the config's, or searches the cache of
            torch hub.
        subpixel: adds the column ``psnr_subpixel``. Needs a protocol with a shift search.
        save_images: folder to which the SR images are written. ``None`` writes none.
        device: device of the network, LPIPS and DISTS: ``auto``, ``cpu``, ``cuda`` ...
        columns: names of further scores, see :data:`cyclesr.metrics.columns.COLUMNS`. Empty takes the config's.
        dists_weights: file or folder of the weights of VGG16 for the column ``dists``. ``None`` takes the config's, or
            searches the cache of torch hub.
    """

    protocol: str | None = None
    lpips: str | None = None
    lpips_weights: str | None = None
    subpixel: bool = False
    save_images: str | None = None
    device: str = "auto"
    columns: tuple[str, ...] = ()
    dists_weights: str | None = None


@dataclass(frozen=True)
class Results:
    """Scores of a whole test set.

    Attributes:
        method: file name of the checkpoint, ``bicubic``, or the folder of images.
        protocol: protocol of the scores.
        scale: scale factor of the test set.
        per_image: scores by image name.
        provenance: facts needed to repeat the scoring: versions, hash of the checkpoint, weights of LPIPS ...
        failed: errors of the images that could not be read, which are not part of the means.
    """

    method: str
    protocol: Protocol
    scale: int
    per_image: dict[str, Scores]
    provenance: dict[str, Any]
    failed: tuple[str, ...] = ()

    @property
    def means(self) -> Scores:
        """Returns the mean of each score over the images."""
        return mean_scores(list(self.per_image.values()))


def evaluate_config(
    config_path: str,
    method: str,
    settings: Settings,
    options: dict[str, Any] | None = None,
    scale: int | None = None,
    held_out: tuple[str, str] | None = None,
) -> Results:
    """Scores a network on the test set of a config.

    Args:
        config_path: name or path of a config with a ``test_dataloader``.
        method: a checkpoint file, or ``bicubic`` for MATLAB's bicubic interpolation, computed in float64.
        settings: scoring options.
        options: config keys (dotted) and values that override the config.
        scale: overrides ``scale`` of the config.
        held_out: folders of HR images and of their LR images, which replace the config's test set.

    Raises:
        UserError: the config has no test set, its parts or the network have another scale, a file or a name is
            invalid, an option has no effect under the protocol, or ``save_images`` is a folder of the test set.
    """
    config = load_config(config_path, options, scale)
    if held_out is not None:
        validate_on(config, *held_out)
    check_config(config)
    metric = metric_config(config)
    dataset = _test_set(config)
    _refuse_to_overwrite(settings, *{Path(path).parent for path in (*dataset.lr_paths, *dataset.hr_paths)})
    device = choose_device(settings.device)
    upscale, provenance = _method(method, dataset.scale, device)
    protocol = get_protocol(settings.protocol or metric.get("protocol", "plain"), dataset.scale)
    columns, used = _load_columns(settings, protocol, metric, device)
    failed: list[str] = []
    items = readable(dataset.__getitem__, range(len(dataset)), failed)
    pairs = (_upscaled(item, upscale) for item in items)
    scored, seconds = score_all(pairs, len(dataset), protocol, columns, settings)
    provenance |= versions() | used | {"config": config_path, "device": str(device), "seconds": seconds}
    return Results(Path(method).name, protocol, dataset.scale, scored, provenance, _failed(failed, scored))


def evaluate_folder(images: str, hr: str, settings: Settings, scale: int = 4) -> Results:
    """Scores a folder of SR images made by any program.

    HR images that have no SR image are not scored; a warning counts them.

    Args:
        images: folder of SR images. Each has the name of its HR image, or that name with a track's suffix
            (``0801x4.png``).
        hr: folder of HR images. An HR image that exceeds its SR image by fewer than ``scale`` pixels is cropped at the
            bottom and right.
        settings: scoring options.
        scale: scale factor at which the images were made. Some protocols depend on it.

    Raises:
        UserError: a folder holds no images, an SR image has no HR image or another size, an option has no effect, or
            ``save_images`` is one of the two folders.
    """
    _refuse_to_overwrite(settings, images, hr)
    protocol = get_protocol(settings.protocol or "plain", scale)
    if _lpips_network(settings, protocol, {}) is None and "dists" not in settings.columns and settings.device != "auto":
        raise UserError(
            "With --images, --device is used only by LPIPS and DISTS, which are not asked for: remove --device."
        )
    device = choose_device(settings.device)
    columns, used = _load_columns(settings, protocol, {}, device)
    sr_paths = list_images(images)
    all_hr = list_images(hr)
    hr_paths = match_hr(sr_paths, all_hr, scale)
    _warn_of_unmatched(len({*all_hr} - {*hr_paths}), images)
    failed: list[str] = []
    pairs = readable(lambda paths: _read_pair(*paths, scale), zip(sr_paths, hr_paths, strict=True), failed)
    scored, seconds = score_all(pairs, len(sr_paths), protocol, columns, settings)
    provenance = versions() | used | {"images_folder": images, "hr_folder": hr}
    provenance |= {"device": str(device), "seconds": seconds}
    return Results(images, protocol, scale, scored, provenance, _failed(failed, scored))


def readable(read: Callable[[Item], Found], items: Iterable[Item], failed: list[str]) -> Iterator[Found]:
    """Yields what is read for each item. Errors of images that cannot be read are added to ``failed`` instead."""
    for item in items:
        try:
            found = read(item)
        except UserError as error:
            failed.append(str(error))
        else:
            yield found


def _failed(failed: list[str], scored: Mapping[str, Scores]) -> tuple[str, ...]:
    """Returns the errors.

    Raises:
        UserError: the first of them, if nothing could be scored.
    """
    if failed and not scored:
        raise UserError(failed[0])
    return tuple(failed)


def _warn_of_unmatched(count: int, images: str) -> None:
    if count:
        text = f"{count} HR images have no SR image in {images}: they are not part of the means."
        print_log(text, logger="current", level=logging.WARNING)


def _refuse_to_overwrite(settings: Settings, *folders: str | Path) -> None:
    saved = settings.save_images
    if saved and Path(saved).resolve() in [Path(folder).resolve() for folder in folders]:
        raise UserError(f"--save-images {saved} is a folder of the images to score: give another folder.")


def score_all(
    pairs: Iterable[Pair], total: int, protocol: Protocol, columns: Mapping[str, Column], settings: Settings
) -> tuple[dict[str, Scores], float]:
    """Scores each pair, shows progress, and writes the SR images if ``settings.save_images`` names a folder.

    Returns:
        The scores by image name, and the time taken in seconds.

    Raises:
        UserError: two images have the same name, or the protocol raises an error, to which the image's name is added.
    """
    scored: dict[str, Scores] = {}
    start = time.perf_counter()
    with progress_bar() as progress:
        for pair in progress.track(pairs, total=total, description=protocol.name):
            if pair.name in scored:
                raise UserError(f"Two images are named {pair.name}: rename one of them.")
            scored[pair.name] = _score(pair, protocol, columns, settings)
    return scored, round(time.perf_counter() - start, 3)


def _score(pair: Pair, protocol: Protocol, columns: Mapping[str, Column], settings: Settings) -> Scores:
    try:
        scores = protocol.score(pair.sr, pair.hr, subpixel=settings.subpixel, columns=columns)
    except UserError as error:
        raise UserError(f"{pair.name}: {error}") from error
    if settings.save_images:
        write_image(Path(settings.save_images) / f"{pair.name}{suffix_for(len(pair.sr))}", to_array(pair.sr))
    return scores


def _upscaled(item: dict[str, Any], upscale: Callable[[Tensor], Tensor]) -> Pair:
    return Pair(Path(item["lr_path"]).stem, upscale(item["lr"]), item["hr"])


def _read_pair(sr_path: Path, hr_path: Path, scale: int) -> Pair:
    channels = channels_of_file(sr_path)
    sr, hr = (to_tensor(read_image(path, channels)) for path in (sr_path, hr_path))
    surplus = [large - small for large, small in zip(hr.shape[1:], sr.shape[1:], strict=True)]
    if all(0 <= pixels < scale for pixels in surplus):
        hr = hr[:, : sr.shape[1], : sr.shape[2]]
    return Pair(sr_path.stem, sr, hr)


def _method(method: str, scale: int, device: torch.device) -> tuple[Callable[[Tensor], Tensor], dict[str, Any]]:
    """Returns a function from LR image to SR image, and its provenance."""
    if method == BICUBIC:
        return lambda lr: imresize(lr.double(), scale), {"checkpoint": None}
    network, own_scale = load_sr(method, device)
    if own_scale != scale:
        raise UserError(
            f"The network in {method} is x{own_scale}, but the test set of the config is x{scale}: choose a config or "
            "a checkpoint of the same scale."
        )
    return Upscaler(network, scale, device), {"checkpoint": method, "sha256": file_hash(method)}


def file_hash(path: str | Path) -> str:
    """Returns the SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def metric_config(config: Config) -> dict[str, Any]:
    """Returns the settings of ``SRQuality`` in a config's ``test_evaluator`` (a dict or a list), or an empty dict."""
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
    if not len(dataset.hr_paths):
        raise UserError(f"The test set of {config.filename} has no HR images: give its dataset a folder 'hr'.")
    return dataset


def _lpips_network(settings: Settings, protocol: Protocol, metric: dict[str, Any]) -> str | None:
    return settings.lpips or metric.get("lpips") or ("alex" if protocol.lpips else None)


def _load_columns(
    settings: Settings, protocol: Protocol, metric: dict[str, Any], device: torch.device
) -> tuple[dict[str, Column], dict[str, Any]]:
    """Returns the scores beside PSNR and SSIM, and the networks and weights that they use for the results files."""
    net, names = _lpips_network(settings, protocol, metric), settings.columns or tuple(metric.get("columns", ()))
    _refuse_unused(settings, protocol, net, names)
    dists_weights = settings.dists_weights or metric.get("dists_weights")
    columns = load_columns(names, dists_weights, device)
    used = _dists_used(load_dists(dists_weights)) if "dists" in columns else {}
    lpips = None if net is None else load_lpips(net, settings.lpips_weights or metric.get("lpips_weights"))
    if lpips is not None:
        columns, used = {"lpips": lpips.to(device).of_planes} | columns, _lpips_used(lpips) | used
    return columns, used


def _refuse_unused(settings: Settings, protocol: Protocol, lpips: str | None, columns: tuple[str, ...]) -> None:
    """Raises a UserError for an option that would have no effect."""
    if settings.subpixel and protocol.shift is None:
        raise UserError(
            f"--subpixel refines a shift search, but the protocol {protocol.name} has none: remove --subpixel or "
            "choose another --protocol."
        )
    if settings.lpips_weights and lpips is None:
        raise UserError(
            f"--lpips-weights is used only by LPIPS, which the protocol {protocol.name} does not include: remove it "
            "or add --lpips alex."
        )
    if settings.dists_weights and "dists" not in columns:
        raise UserError("--dists-weights is used only by DISTS: remove it or add --columns dists.")


def _lpips_used(lpips: Lpips) -> dict[str, Any]:
    """Returns the backbone and weights of LPIPS for the results files.

    Values of different backbones are not comparable.
    """
    return {"lpips_network": {"net": lpips.net, **_file_used(lpips.weights), "lpips": version("lpips")}}


def _dists_used(dists: Dists | None) -> dict[str, Any]:
    return {} if dists is None else {"dists_network": {"net": "vgg16", **_file_used(dists.weights)}}


def _file_used(weights: Path) -> dict[str, str]:
    return {"weights": weights.name, "sha256": file_hash(weights)}


def versions() -> dict[str, Any]:
    """Returns the versions of the software that computes the scores, for the results files."""
    return {
        "versions": {
            "cyclesr": cyclesr.__version__,
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        }
    }
