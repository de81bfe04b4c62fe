"""The true degradation of a simulated track."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from cyclesr.degradations.bicubic import Bicubic
from cyclesr.degradations.blur import Blur
from cyclesr.degradations.camera.kernel import kernel_from_mtf
from cyclesr.degradations.chain import Chain
from cyclesr.degradations.kernels import blur_kernel
from cyclesr.errors import UserError
from cyclesr.registry import DEGRADATIONS


@DEGRADATIONS.register_module()
class TrackDegradation(Chain):
    """The true degradation of a simulated track without its noise: the ideal ``fake_real``.

    On tracks of a simulated camera its denoising and its JPEG are left out, too. It is for analysis only, because
    unpaired training does not know the true degradation.

    Args:
        manifest: ``manifest.json`` of a track made by ``cyclesr prepare track`` or ``demo``.
        image: name of the LR file whose kernel to use. It is optional if all images have the same kernel.

    Raises:
        UserError: the manifest or the image does not exist, or ``image`` is missing although the kernels differ.
    """

    def __init__(self, manifest: str | Path, image: str | None = None) -> None:
        if not Path(manifest).is_file():
            raise UserError(f"There is no track manifest {manifest}: 'cyclesr prepare track' writes manifest.json.")
        track = json.loads(Path(manifest).read_text(encoding="utf-8"))
        super().__init__(_steps(_linear_part(track["images"], image, Path(manifest)), track["scale"]))


def _steps(linear: dict[str, Any], scale: int) -> list[nn.Module]:
    if "mtf" in linear:
        return [Bicubic(scale), Blur(kernel_from_mtf(np.array(linear["mtf"])))]
    return [Blur(kernel=blur_kernel(**linear["kernel"])), Bicubic(scale)]


def _linear_part(images: dict[str, dict[str, Any]], image: str | None, manifest: Path) -> dict[str, Any]:
    if image is not None and image not in images:
        raise UserError(
            f"{manifest} has no image {image!r}; it has {len(images)} images, such as {next(iter(images))!r}."
        )
    entries = images.values() if image is None else [images[image]]
    kernels: list[dict[str, Any]] = [
        {key: entry[key] for key in ("kernel", "mtf") if key in entry} for entry in entries
    ]
    if any(kernel != kernels[0] for kernel in kernels):
        raise UserError(f"The images of {manifest} have different kernels: choose one with the argument 'image'.")
    return kernels[0]
