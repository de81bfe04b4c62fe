"""Scores beside PSNR and SSIM that a protocol can measure on the same pixels, by name."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

import torch
from torch import Tensor

from cyclesr.errors import UserError, did_you_mean
from cyclesr.metrics.colour import psnr_colour
from cyclesr.metrics.dists import load_dists
from cyclesr.metrics.niqe import niqe_of_planes

Column: TypeAlias = Callable[[Tensor, Tensor], float]
"""A score of an SR image and its HR image, (3, H, W) in 0..255 each."""

COLUMNS = ("psnr_colour", "dists", "niqe")


def load_columns(
    names: Iterable[str], dists_weights: str | None = None, device: torch.device | str = "cpu"
) -> dict[str, Column]:
    """Builds the columns.

    Args:
        names: of :data:`COLUMNS`.
        dists_weights: see :func:`cyclesr.metrics.dists.load_dists`.
        device: of DISTS's network.

    Returns:
        The columns by name, without those whose weights are not on this disk; that is said once.

    Raises:
        UserError: an unknown name, or no weights at the path that was given.
    """
    columns: dict[str, Column] = {}
    for name in names:
        if name not in COLUMNS:
            near, known = did_you_mean(name, COLUMNS), ", ".join(COLUMNS)
            raise UserError(f"There is no column {name!r}.{near} There are: {known}.")
        if name == "psnr_colour":
            columns[name] = psnr_colour
        elif name == "niqe":
            columns[name] = _niqe
        elif dists := load_dists(dists_weights):
            columns[name] = dists.to(device).of_planes
    return columns


def _niqe(sr: Tensor, hr: Tensor) -> float:
    return niqe_of_planes(sr)
