"""Transfer of batches from the data loader to the device, ahead of the training step on a GPU."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from cyclesr.datasets.crops import channels_first

Batch = dict[str, Any]


def ready_batches(batches: Iterator[Batch], device: torch.device, prefetch: bool = True) -> Iterator[Batch]:
    """Yields batches on the device, with images as floats ``(N, 3, H, W)`` in [0, 1].

    On a GPU with ``prefetch``, the next batch is copied and converted on a separate stream while the current one is
    used. The copy overlaps the step if the loader pins its memory (``pin_memory=True``). On other devices nothing is
    fetched ahead.

    Args:
        batches: batches of a data loader. Tensors of integers are images as stored in files, see
            :class:`~cyclesr.datasets.crops.CropDataset`.
        device: device of the model.
        prefetch: whether to fetch ahead on a GPU.
    """
    if device.type == "cuda" and prefetch:
        yield from _fetched_ahead(batches, device)
    else:
        for batch in batches:
            yield on_device(batch, device)


def on_device(batch: Batch, device: torch.device) -> Batch:
    """Returns a batch on the device, with images as floats ``(N, 3, H, W)``. Only tensors are changed."""
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
        user.wait_stream(stream)  # before the next copy is queued, so that the step does not wait for it
        for value in present.values():
            if isinstance(value, Tensor):
                value.record_stream(user)  # so that the next copy does not reuse its memory during the step
        following = fetch()
        yield present
