"""Super-resolution of images of any size in bounded memory, with overlapping tiles, and the x8 self-ensemble."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from itertools import islice, product
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from mmengine.logging import print_log
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.images.tensors import to_tensor
from cyclesr.inference.tiles import Span, spans
from cyclesr.models.networks.image_channels import channels_of
from cyclesr.optim.memory_format import ChannelsLast, memory_format
from cyclesr.optim.precision import has_native_bfloat16

FIRST_TILE = 512  # LR pixels; first tile size of 'auto'
LARGE_MEMORY = 32 * 2**30  # bytes; GPUs that have them start with larger tiles:
LARGE_FIRST_TILE, LARGE_OUTPUT = 1024, 4096  # LR pixels; SR pixels
CPU_OUTPUT = 768  # SR pixels; side of an SR tile of 'auto' on a CPU, for images larger than FIRST_TILE
SMALLEST_TILE = 32  # LR pixels; 'auto' does not go below

Item = TypeVar("Item")


class Upscaler:
    """Runs an SR network over whole images.

    Attributes:
        channels: number of channels of the images.

    Args:
        network: SR network, (N, 3, h, w) to (N, 3, scale * h, scale * w).
        scale: scale factor of the network.
        device: device of the network. Images may be on another device; results are on the CPU.
        tile: side of a tile in LR pixels. ``None`` processes the whole image at once. ``auto`` starts with 512, or on
            GPUs of at least 32 GiB with ``4096 / scale`` up to 1024, and halves the side whenever memory runs out. On a
            CPU, where large tiles would lead to swapping instead of an error, ``auto`` starts with ``768 / scale`` for
            images larger than 512.
        overlap: number of LR pixels that a tile is extended by on every side. If it is at least the receptive radius
            of the network, the result equals that of the whole image. Networks with global operations (instance norm)
            always differ.
        dtype: dtype of autocast (bfloat16, float16). ``None`` computes in float32.
        ensemble: whether to average the results for the eight flips and quarter turns of the input, which takes eight
            times as long.
        batch: number of tiles that the network computes at once. ``auto`` is 1 on a CPU; on a GPU, as many as have no
            more pixels than one of the largest tiles of ``tile="auto"``. It is halved whenever memory runs out, before
            the tiles are.
        channels_last: memory format of the network and its input, see
            :func:`~cyclesr.optim.memory_format.memory_format`. A network that does not take channels_last images
            goes on with contiguous ones.

    A network whose values overflow in float16 goes on in bfloat16 or, where the device has no instructions for it, in
    float32, and a warning says so.

    Raises:
        UserError: the tile, the overlap or the batch is invalid, or float16 is asked for on a CPU.
    """

    def __init__(
        self,
        network: nn.Module,
        scale: int,
        device: str | torch.device = "cpu",
        tile: int | str | None = "auto",
        overlap: int = 32,
        dtype: torch.dtype | None = None,
        ensemble: bool = False,
        batch: int | str = "auto",
        channels_last: ChannelsLast = "auto",
    ) -> None:
        self.device = torch.device(device)
        self.scale, self.overlap, self.dtype, self.ensemble = scale, overlap, dtype, ensemble
        self.adaptive = tile == "auto"
        self.tile = self._checked(tile)
        self.batch = _checked_batch(batch)
        self.memory_format = memory_format(channels_last, self.device)
        self.network = network.to(self.device).to(memory_format=self.memory_format).eval()
        self.channels = channels_of(network)

    def _checked(self, tile: int | str | None) -> int | None:
        if self.overlap < 0:
            raise UserError(f"The overlap of tiles must be at least 0 pixels, found {self.overlap}.")
        if self.dtype == torch.float16 and self.device.type == "cpu":
            raise UserError("float16 needs a GPU: use bfloat16 or float32 on a CPU.")
        if tile == "auto":
            return first_tile(self.device, self.scale)
        if tile is None or (isinstance(tile, int) and tile >= 1):
            return tile
        raise UserError(f"The tile must be 'auto', 'none' or a number of pixels of at least 1, found {tile!r}.")

    @torch.inference_mode()
    def __call__(self, lr: Tensor) -> Tensor:
        """Super-resolves one image.

        Args:
            lr: LR image, (3, h, w) in [0, 1].

        Returns:
            The SR image, (3, scale * h, scale * w), float32 on the CPU, not clamped.

        Raises:
            UserError: the network fails, its output has another size or is not finite, or even the smallest tile does
                not fit into memory.
        """
        _, height, width = lr.shape
        sr = torch.empty(self.channels, height * self.scale, width * self.scale)
        for row, tiles in self.rows(lr, lambda tile: tile):
            sr[:, row.start * self.scale : row.stop * self.scale] = torch.cat(tiles, 2)
        return sr

    @torch.inference_mode()
    def rows(self, lr: Tensor | np.ndarray, finish: Callable[[Tensor], Tensor]) -> Iterator[tuple[Span, list[Tensor]]]:
        """Yields the result from top to bottom, one row of tiles at a time.

        Only one row of results and one batch of tiles are in memory besides the image. On a GPU, a batch is computed
        while the results of the one before it are copied to the CPU and used.

        Args:
            lr: LR image, (3, h, w) in [0, 1], or (h, w, 3) of uint8 or uint16.
            finish: function applied to each SR tile, (3, k, l) float32, on the device.

        Yields:
            The extent of the row in ``lr``, and the results of ``finish`` from left to right, on the CPU.

        Raises:
            UserError: as for :meth:`__call__`.
        """
        height, width = lr.shape[1:] if isinstance(lr, Tensor) else lr.shape[:2]
        top = 0
        while top < height:
            tile = self.tile_for(height, width)
            rows, columns = list(spans(height, tile, self.overlap, top)), list(spans(width, tile, self.overlap))
            batch = self._batch_for(rows[0], columns[0])
            try:
                for row, tiles in self._rows_of(rows, columns, batch, lr, finish):
                    yield row, tiles
                    top = row.stop
            except (MemoryError, RuntimeError) as error:
                if not _ran_out_of_memory(error):
                    raise
                self._take_less(tile, batch, error)
            if top < height:  # outside the except block, because the error keeps the activations alive
                torch.cuda.empty_cache()

    def tile_for(self, height: int, width: int) -> int:
        """Returns the present side of the tiles of an image, in LR pixels."""
        longest = max(height, width)
        tile = min(self.tile or longest, longest)
        if self.adaptive and self.device.type == "cpu" and tile < longest:
            return min(tile, max(CPU_OUTPUT // self.scale, SMALLEST_TILE))
        return tile

    def _batch_for(self, row: Span, column: Span) -> int:
        if isinstance(self.batch, int):
            return self.batch
        if self.device.type == "cpu":
            return 1
        largest = self.tile if self.adaptive and self.tile else first_tile(self.device, self.scale)
        seen = (row.last - row.first) * (column.last - column.first)
        return max((largest + 2 * self.overlap) ** 2 // seen, 1)

    def _take_less(self, tile: int, batch: int, error: Exception) -> None:
        """Halves the batch or, if that is 1, the tiles."""
        if batch > 1:
            self.batch = batch // 2
        elif self.adaptive and tile // 2 >= SMALLEST_TILE:
            self.tile = tile // 2
        else:
            raise UserError(
                f"The memory of {self.device} is too small for tiles of {tile} pixels: give a smaller --tile."
            ) from error

    def _rows_of(
        self,
        rows: list[Span],
        columns: list[Span],
        batch: int,
        lr: Tensor | np.ndarray,
        finish: Callable[[Tensor], Tensor],
    ) -> Iterator[tuple[Span, list[Tensor]]]:
        started = (self._start(lr, some, finish) for some in batches(product(rows, columns), batch))
        in_flight = 1 if self.device.type == "cuda" else 0
        found: list[Tensor] = []
        for some in delayed(started, in_flight):
            for (row, _), result in zip(some.tiles, self._results(some, finish), strict=True):
                found.append(result)
                if len(found) == len(columns):
                    yield row, found
                    found = []

    def _start(self, lr: Tensor | np.ndarray, tiles: list["Tile"], finish: Callable[[Tensor], Tensor]) -> "Batch":
        windows = torch.stack([_cut(lr, tile, self.device) for tile in tiles])
        return self._run(windows.contiguous(memory_format=self.memory_format), tiles, finish)

    def _run(self, windows: Tensor, tiles: list["Tile"], finish: Callable[[Tensor], Tensor]) -> "Batch":
        """Starts the network on a batch. On a GPU, everything is queued, and nothing waits for it."""
        dtype = self.dtype
        result = ensemble_of_eight(self._output, windows) if self.ensemble else self._output(windows)
        kept = [finish(self._kept(sr, tile)) for sr, tile in zip(result, tiles, strict=True)]
        queued = self.device.type == "cuda"
        *results, finite = (one.to("cpu", non_blocking=queued) for one in (*kept, result.isfinite().all()))
        done = None
        if queued:
            done = torch.cuda.Event()
            done.record(torch.cuda.current_stream(self.device))
        return Batch(windows, tiles, results, finite, dtype, done)

    def _kept(self, sr: Tensor, tile: "Tile") -> Tensor:
        rows, columns = (slice((s.start - s.first) * self.scale, (s.stop - s.first) * self.scale) for s in tile)
        return sr[:, rows, columns]

    def _results(self, batch: "Batch", finish: Callable[[Tensor], Tensor]) -> list[Tensor]:
        """Waits for a batch, and returns its results."""
        if batch.done is not None:
            batch.done.synchronize()
        if batch.finite:
            return batch.results
        if batch.dtype is torch.float16:
            self._leave_float16()
            return self._results(self._run(batch.windows, batch.tiles, finish), finish)
        raise UserError(
            f"{type(self.network).__name__} gives values that are not finite (NaN or infinite): its weights are "
            "damaged, or of a training that diverged. Take an earlier checkpoint."
        )

    def _leave_float16(self) -> None:
        if self.dtype is not torch.float16:  # an earlier batch was the reason already
            return
        self.dtype = torch.bfloat16 if has_native_bfloat16(self.device) else None
        now = "bfloat16" if self.dtype else "float32"
        print_log(
            f"{type(self.network).__name__} overflows in float16: computing in {now} from here on.",
            logger="current",
            level=logging.WARNING,
        )

    def _output(self, lr: Tensor) -> Tensor:
        precision = torch.autocast(self.device.type, self.dtype) if self.dtype else nullcontext()
        try:
            with precision:
                result = self.network(lr)
        except Exception as error:  # the network may be anybody's
            if _ran_out_of_memory(error):
                raise
            if self._needs_contiguous(error):
                return self._output(lr.contiguous())
            raise UserError(_failure(self.network, lr, error)) from error
        expected = (self.channels, lr.shape[-2] * self.scale, lr.shape[-1] * self.scale)
        found = tuple(result.shape[1:]) if isinstance(result, Tensor) else type(result).__name__
        if found != expected or len(result) != len(lr):
            raise UserError(
                f"For an input {tuple(lr.shape[1:])} the output of an x{self.scale} network must be {expected}, found "
                f"{found}."
            )
        return result.float()

    def _needs_contiguous(self, error: Exception) -> bool:
        """Leaves channels_last if it is the reason of an error: the views of a network may need contiguous images."""
        if self.memory_format == torch.contiguous_format or "view size is not compatible" not in str(error):
            return False
        self.memory_format = torch.contiguous_format
        self.network.to(memory_format=torch.contiguous_format)
        return True


Tile = tuple[Span, Span]


class Batch(NamedTuple):
    """Tiles that the network computes at once.

    Attributes:
        windows: what it is given, (N, 3, h, w).
        tiles: rows and columns of each.
        results: what is kept, on the CPU. If a GPU computes it, it is there once ``done`` has happened.
        finite: whether all values of the network are finite; likewise.
        dtype: dtype of autocast.
        done: end of the work on a GPU; None on a CPU, where it has ended.
    """

    windows: Tensor
    tiles: list[Tile]
    results: list[Tensor]
    finite: Tensor
    dtype: torch.dtype | None
    done: torch.cuda.Event | None


def first_tile(device: torch.device, scale: int) -> int:
    """Returns the side in LR pixels of the tiles with which ``auto`` starts."""
    if device.type == "cuda" and torch.cuda.get_device_properties(device).total_memory >= LARGE_MEMORY:
        return max(min(LARGE_FIRST_TILE, LARGE_OUTPUT // scale), FIRST_TILE)
    return FIRST_TILE


def batches(items: Iterable[Item], number: int) -> Iterator[list[Item]]:
    """Yields lists of ``number`` items; the last may be shorter."""
    remaining = iter(items)
    while some := list(islice(remaining, number)):
        yield some


def delayed(items: Iterable[Item], number: int) -> Iterator[Item]:
    """Yields each item when ``number`` more have been produced, or none is left."""
    waiting: deque[Item] = deque()
    for item in items:
        waiting.append(item)
        if len(waiting) > number:
            yield waiting.popleft()
    yield from waiting


def _checked_batch(batch: int | str) -> int | str:
    if batch == "auto" or (isinstance(batch, int) and batch >= 1):
        return batch
    raise UserError(f"The batch must be 'auto' or a number of tiles of at least 1, found {batch!r}.")


def _ran_out_of_memory(error: Exception) -> bool:
    """Returns whether an error means that memory ran out, or that a tensor has too many values for a kernel.

    torch raises a class of its own only for GPUs. The message of the CPU allocator contains its name.
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return any(sign in str(error) for sign in ("DefaultCPUAllocator", "canUse32BitIndexMath"))


def _failure(network: nn.Module, lr: Tensor, error: Exception) -> str:
    cause = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    return (
        f"{type(network).__name__} fails on an image of {lr.shape[-1]}x{lr.shape[-2]} pixels: {cause}. If it takes "
        "only certain sizes, train it as the network of type='Padded', which pads images to such sizes."
    )


def _cut(lr: Tensor | np.ndarray, tile: Tile, device: torch.device) -> Tensor:
    """Returns what the network sees of a tile, (3, h, w) in [0, 1], on the device."""
    rows, columns = (slice(span.first, span.last) for span in tile)
    return (lr[:, rows, columns] if isinstance(lr, Tensor) else to_tensor(lr[rows, columns])).to(device)


def ensemble_of_eight(upscale: Callable[[Tensor], Tensor], lr: Tensor) -> Tensor:
    """Returns the self-ensemble (Timofte et al. 2016): the mean over the eight flips and quarter turns of the input.

    Each result is flipped and turned back before averaging.

    Args:
        upscale: function from (..., h, w) to (..., s * h, s * w).
        lr: LR images, (..., h, w).
    """
    total = lr.new_zeros(())
    for turns in range(4):
        for flip in (False, True):
            turned = lr.rot90(turns, (-2, -1))
            sr = upscale(turned.flip(-1) if flip else turned)
            total = total + (sr.flip(-1) if flip else sr).rot90(-turns, (-2, -1))
    return total / 8
