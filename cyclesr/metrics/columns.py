"""Further scores, by name, that a protocol can compute on the same pixels as PSNR and SSIM."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

import torch
from torch import Tensor

from cyclesr.errors import UserError, did_you_mean
from cyclesr.metrics.colour import psnr_colour
from cyclesr.metrics.dists import load_dists
from cyclesr.metrics.niqe import niqe_of_planes

Column: TypeAlias = Callable[[Tensor, Tensor], float]
"""A function that scores an SR image against its HR image, both ``(3, H, W)`` in 0..255."""

COLUMNS = ("psnr_colour", "dists", "niqe")


def load_columns(
    names: Iterable[str], dists_weights: str | None = None, device: torch.device | str = "cpu"
) -> dict[str, Column]:
    """Builds the functions of columns.

    Args:
        names: names in :data:`COLUMNS`.
        dists_weights: see :func:`cyclesr.metrics.dists.load_dists`.
        device: device of DISTS's network.

    Returns:
        The functions by name. DISTS is omitted, and this is logged once, if its weights are not in torch hub's cache.

    Raises:
        UserError: a name is unknown, or there are no weights at the given path.
    """
    columns: dict[str, Column] = {}
    for name in names:
        if name not in COLUMNS:
            near, known = did_you_mean(name, COLUMNS), ", ".join(COLUMNS)
            raise UserError(f"There is no column {name!r}.{near} Available columns: {known}.")
        if name == "psnr_colour":
            columns[name] = psnr_colour
        elif name == "niqe":
            columns[name] = _niqe
        elif dists := load_dists(dists_weights):
            columns[name] = dists.to(device).of_planes
    return columns


def _niqe(sr: Tensor, hr: Tensor) -> float:
    return niqe_of_planes(sr)
