"""Scores of super-resolved images: PSNR, SSIM, LPIPS, DISTS, NIQE, under named protocols."""

from cyclesr.metrics.columns import COLUMNS, Column, load_columns
from cyclesr.metrics.dists import Dists, load_dists
from cyclesr.metrics.lpips import Lpips, load_lpips
from cyclesr.metrics.niqe import niqe
from cyclesr.metrics.protocols import PROTOCOLS, Protocol, get_protocol, register_protocol
from cyclesr.metrics.quality import SRQuality
from cyclesr.metrics.shift_search import BestShift, best_shift

__all__ = [
    "COLUMNS",
    "PROTOCOLS",
    "BestShift",
    "Column",
    "Dists",
    "Lpips",
    "Protocol",
    "SRQuality",
    "best_shift",
    "get_protocol",
    "load_columns",
    "load_dists",
    "load_lpips",
    "niqe",
    "register_protocol",
]
