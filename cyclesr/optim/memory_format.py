"""Memory formats: how the samples of an image lie in memory, which decides how fast convolutions are."""

from typing import Literal

import torch

ChannelsLast = bool | Literal["auto"]


def memory_format(channels_last: ChannelsLast) -> torch.memory_format:
    """The memory format of networks and images; it changes speed, and results by rounding alone.

    Args:
        channels_last: ``auto`` takes it for GPUs and for CPUs with AMX, whose convolutions are made for it; on other
            CPUs it is slower or makes no difference (docs/speed.md).
    """
    if channels_last == "auto":
        channels_last = torch.cuda.is_available() or torch.cpu._is_amx_tile_supported()
    return torch.channels_last if channels_last else torch.contiguous_format
