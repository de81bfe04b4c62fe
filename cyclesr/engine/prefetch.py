"""Batches on their way from the data loader to the device."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from cyclesr.datasets.crops import channels_first

Batch = dict[str, Any]


def ready_batches(batches: Iterator[Batch], device: torch.device, prefetch: bool = True) -> Iterator[Batch]:
    """Batches on the device, images as floats ``(N, 3, H, W)`` in [0, 1].

    On a GPU, with ``prefetch``, the next batch is copied and converted on a stream of its own while the present one
    is used. The copy runs beside the step if the loader pins its memory (``pin_memory=True``). Elsewhere nothing is
    fetched ahead.

    Args:
        batches: of a data loader; tensors of integers are images as files hold them, see
            :class:`~cyclesr.datasets.crops.CropDataset`.
        device: where the model is.
        prefetch: whether to fetch ahead, on a GPU.
    """
    if device.type == "cuda" and prefetch:
        yield from _fetched_ahead(batches, device)
    else:
        for batch in batches:
            yield on_device(batch, device)


def on_device(batch: Batch, device: torch.device) -> Batch:
    """A batch on the device, its images as floats ``(N, 3, H, W)``; anything but a tensor is left as it is."""
    return {
        name: channels_first(value.to(device, non_blocking=True)) if isinstance(value, Tensor) else value
        for name, value in batch.items()
    }


def _fetched_ahead(batches: Iterator[Batch], device: torch.device) -> Iterator[Batch]:
    stream = torch.cuda.Stream(device)

    def fetch() -> Batch | None:
        batch = next(batches, None)
        if batch is None:
            return None
        with torch.cuda.stream(stream):
            return on_device(batch, device)

    following = fetch()
    while following is not None:
        present = following
        user = torch.cuda.current_stream(device)
        user.wait_stream(stream)  # before the next copy is queued there: the step need not wait for that
        for value in present.values():
            if isinstance(value, Tensor):
                value.record_stream(user)  # its memory is not given to the next copy while the step uses it
        following = fetch()
        yield present
