"""Images of a report: real and held-out ones enlarged by the network, and what the translator makes of HR images."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.datasets.paired import match_hr
from cyclesr.errors import UserError
from cyclesr.images.listing import list_images
from cyclesr.images.reading import read_image
from cyclesr.images.tensors import to_array, to_tensor
from cyclesr.inference.pages.viewer import ImageViewer, inline_png
from cyclesr.inference.training_report.record import TrainingRecord
from cyclesr.inference.translator import load_degradation
from cyclesr.inference.upscale import Upscaler
from cyclesr.inference.verdict import CROP, Verdict, judge, spread_evenly
from cyclesr.inference.verdict_page import bicubic_and_sr
from cyclesr.metrics.psnr import psnr
from cyclesr.models.networks.image_channels import channels_of

_MOST_PAIRS = 4
_MOST_STRIPS = 6
_STRIP = 96  # side of the crops of a strip, LR pixels


def judge_real(record: TrainingRecord, viewer: ImageViewer, device: torch.device, most: int) -> Verdict:
    """Compares the network with bicubic on the real images of the training, and adds them to a viewer.

    Raises:
        UserError: there is no network yet, no folder of real images, or no image of it can be judged.
    """
    if record.network is None:
        raise UserError("the training has not written a network yet: its first checkpoint does.")
    data = record.setting("train_dataloader.dataset") or {}
    if not data.get("real"):
        raise UserError("the training has no folder of real images.")
    network, scale = load_sr(record.network, device)
    images = list_images(data["real"], data.get("real_range"))

    def show(name: str, lr: Tensor, sr: Tensor) -> None:
        viewer.add(name, bicubic_and_sr(lr, sr), "real image of the training")

    return judge(network, images, scale, record.camera, device=device, most=most, show=show)


def add_held_out(record: TrainingRecord, viewer: ImageViewer, device: torch.device) -> None:
    """Adds some of the held-out pairs to a viewer, with their HR images, if the training has any and a network.

    Raises:
        UserError: a folder or an image is missing or damaged.
    """
    data = record.setting("val_dataloader.dataset") or {}
    if record.network is None or not (data.get("lr") and data.get("hr")):
        return
    network, scale = load_sr(record.network, device)
    upscaler = Upscaler(network, scale, device)
    lr_paths = list_images(data["lr"], data.get("hr_range"))
    pairs = dict(zip(lr_paths, match_hr(lr_paths, list_images(data["hr"]), scale), strict=True))
    for path in spread_evenly(lr_paths, _MOST_PAIRS):
        lr, hr = _central_pair(path, pairs[path], scale, channels_of(network))
        versions = {**bicubic_and_sr(lr, upscaler(lr)), "HR": hr}
        viewer.add(path.name, versions, f"held-out pair; PSNR of this part: {_scores(versions)}")


def _central_pair(lr_path: Path, hr_path: Path, scale: int, channels: int) -> tuple[Tensor, Tensor]:
    lr, hr = read_image(lr_path, channels), read_image(hr_path, channels)
    height, width = (min(low, high // scale) for low, high in zip(lr.shape[:2], hr.shape[:2], strict=True))
    top, left = max(height - CROP, 0) // 2, max(width - CROP, 0) // 2
    bottom, right = min(top + CROP, height), min(left + CROP, width)
    return (
        to_tensor(lr[top:bottom, left:right]),
        to_tensor(hr[scale * top : scale * bottom, scale * left : scale * right]),
    )


def _scores(versions: dict[str, Tensor]) -> str:
    hr = to_array(versions["HR"])
    return ", ".join(f"{title} {psnr(to_array(versions[title]), hr):.2f} dB" for title in ("SR", "bicubic"))


class Strip(NamedTuple):
    """Crops ``(C, h, w)`` of one size: an HR image reduced, and degraded by the translator, and a real image.

    The real image shows another scene.
    """

    syn: Tensor
    fake_real: Tensor
    real: Tensor


def strips(record: TrainingRecord, device: torch.device) -> list[Strip]:
    """Degrades crops of HR images by the newest translator, and sets them beside crops of real images.

    Returns:
        No strips if the training has no translator.

    Raises:
        UserError: there is no checkpoint yet, or a folder or an image is missing or damaged.
    """
    if not record.setting("model.translator"):
        return []
    if record.checkpoint is None:
        raise UserError("the training has not written a checkpoint yet.")
    data = record.setting("train_dataloader.dataset") or {}
    if not (data.get("hr") and data.get("real")):
        raise UserError("the training has no folders of HR and of real images.")
    learnt = load_degradation(record.checkpoint, device)
    hr, real = (list_images(data[name], data.get(f"{name}_range")) for name in ("hr", "real"))
    channels, count = learnt.image_channels, min(_MOST_STRIPS, len(hr), len(real))
    found = []
    with torch.random.fork_rng([device] if device.type == "cuda" else []), torch.inference_mode():
        torch.manual_seed(0)
        for hr_path, real_path in zip(spread_evenly(hr, count), spread_evenly(real, count), strict=True):
            crop = _centre(read_image(hr_path, channels), _STRIP * learnt.scale, learnt.scale)[None].to(device)
            fake_real = learnt(learnt.source(crop))[0].cpu()
            syn = learnt.degradation(crop)[0].cpu()
            found.append(Strip(syn, fake_real, _centre(read_image(real_path, channels), _STRIP)))
    return found


def _centre(image: np.ndarray, side: int, multiple: int = 1) -> Tensor:
    """Returns the centre of ``(H, W, C)``, at most ``side`` wide and high, sides multiples of a number."""
    height, width = (min(length, side) // multiple * multiple for length in image.shape[:2])
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return to_tensor(image[top : top + height, left : left + width])


def strips_html(found: list[Strip]) -> str:
    """Returns the strips side by side, without loss."""
    return f'<div class="strips">{"".join(_figures(found))}</div>'


def _figures(found: list[Strip]) -> Iterator[str]:
    for strip in found:
        cells = (
            f'<div><img alt="{escape(name)}" src="{inline_png(image)}"><span>{escape(name)}</span></div>'
            for name, image in strip._asdict().items()
        )
        yield f'<figure class="strip">{"".join(cells)}</figure>\n'
