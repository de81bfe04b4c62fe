"""Memory formats: the order of an image's values in memory, on which the speed of convolutions depends."""

from typing import Literal

import torch

ChannelsLast = bool | Literal["auto"]


def memory_format(channels_last: ChannelsLast, device: torch.device | None = None) -> torch.memory_format:
    """Returns the memory format of networks and images. It changes the speed, and results only by rounding.

    Args:
        channels_last: whether to use channels last. ``auto`` uses it on GPUs and on CPUs with AMX, whose convolutions
            are faster with it. On other CPUs it is slower or makes no difference (docs/speed.md).
        device: where the network computes. None is the GPU if there is one.
    """
    if channels_last == "auto":
        on_gpu = torch.cuda.is_available() if device is None else device.type == "cuda"
        channels_last = on_gpu or torch.cpu._is_amx_tile_supported()
    return torch.channels_last if channels_last else torch.contiguous_format
