"""Memory formats: how the samples of an image lie in memory, which decides how fast convolutions are."""

from typing import Literal

import torch

ChannelsLast = bool | Literal["auto"]


def memory_format(channels_last: ChannelsLast) -> torch.memory_format:
    """The memory format of networks and images; it changes speed, and results by rounding alone.

    Args:
        channels_last: ``auto`` takes it for GPUs and for CPUs with AVX512, whose convolutions are made for it; on
            CPUs with AVX2 alone it is slower (docs/speed.md).
    """
    if channels_last == "auto":
        channels_last = torch.cuda.is_available() or torch.backends.cpu.get_cpu_capability() == "AVX512"
    return torch.channels_last if channels_last else torch.contiguous_format
