"""Scores of super-resolved images: PSNR, SSIM, LPIPS, under named protocols."""

from cyclesr.metrics.lpips import Lpips, load_lpips
from cyclesr.metrics.protocols import PROTOCOLS, Protocol, get_protocol, register_protocol
from cyclesr.metrics.quality import SRQuality
from cyclesr.metrics.shift_search import BestShift, best_shift

__all__ = [
    "PROTOCOLS",
    "BestShift",
    "Lpips",
    "Protocol",
    "SRQuality",
    "best_shift",
    "get_protocol",
    "load_lpips",
    "register_protocol",
]
