"""Super-resolution of an image of any size in bounded memory: tiles with overlap, and the x8 self-ensemble."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.images.tensors import to_tensor

FIRST_TILE = 512  # LR pixels; what 'auto' begins with
CPU_OUTPUT = 768  # pixels; the side of what 'auto' makes at a time of a larger image on a CPU
SMALLEST_TILE = 32

Kept = TypeVar("Kept")


class Span(NamedTuple):
    """One tile along one side: pixels ``start``..``stop`` are kept, ``first``..``last`` are given to the network."""

    start: int
    stop: int
    first: int
    last: int


class Upscaler:
    """Runs an SR network over whole images.

    Args:
        network: (N, 3, h, w) to (N, 3, scale * h, scale * w).
        scale: of the network.
        device: where it runs; images may be elsewhere, results are on the CPU.
        tile: side of a tile in LR pixels; ``None`` takes the image whole; ``auto`` begins with 512 and halves it
            whenever the memory does not suffice; on a CPU, whose memory ends in swapping, it begins with
            ``768 / scale`` for an image larger than 512.
        overlap: LR pixels that a tile sees beyond its own on every side. Where the network's receptive radius is no
            larger, tiles equal the whole image; networks with global operations (instance norm) always differ.
        dtype: of autocast (bfloat16, float16); ``None`` computes in float32.
        ensemble: averages the results for the eight flips and quarter turns of the input; eight times the time.

    Raises:
        UserError: a tile or overlap that makes no sense, or float16 on a CPU.
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
    ) -> None:
        self.device = torch.device(device)
        self.scale, self.overlap, self.dtype, self.ensemble = scale, overlap, dtype, ensemble
        self.adaptive = tile == "auto"
        self.tile = self._checked(tile)
        self.network = network.to(self.device).eval()

    def _checked(self, tile: int | str | None) -> int | None:
        if self.overlap < 0:
            raise UserError(f"The overlap of tiles is a number of pixels from 0 on; found {self.overlap}.")
        if self.dtype == torch.float16 and self.device.type == "cpu":
            raise UserError("Half precision (float16) needs a GPU; on a CPU take bfloat16 or float32.")
        if tile == "auto":
            return FIRST_TILE
        if tile is None or (isinstance(tile, int) and tile >= 1):
            return tile
        raise UserError(f"A tile is 'auto', 'none' or a number of pixels from 1 on; found {tile!r}.")

    @torch.inference_mode()
    def __call__(self, lr: Tensor) -> Tensor:
        """Super-resolves one image.

        Args:
            lr: (3, h, w) in [0, 1].

        Returns:
            (3, scale * h, scale * w) float32 on the CPU, not clamped.

        Raises:
            UserError: the network fails, or its output has another size; or even the smallest tile does not fit into
                memory.
        """
        _, height, width = lr.shape
        sr = torch.empty(3, height * self.scale, width * self.scale)
        for row, tiles in self.rows(lr, Tensor.cpu):
            sr[:, row.start * self.scale : row.stop * self.scale] = torch.cat(tiles, 2)
        return sr

    @torch.inference_mode()
    def rows(self, lr: Tensor | np.ndarray, keep: Callable[[Tensor], Kept]) -> Iterator[tuple[Span, list[Kept]]]:
        """The result from top to bottom, one row of tiles at a time: all that is in memory beside the image.

        Args:
            lr: (3, h, w) in [0, 1], or (h, w, 3) uint8 or uint16.
            keep: what becomes of each tile, (3, k, l) float32 on the device.

        Yields:
            The row's place in ``lr``, and its tiles from left to right.

        Raises:
            UserError: as for a whole image.
        """
        height, width = lr.shape[1:] if isinstance(lr, Tensor) else lr.shape[:2]
        top = 0
        while top < height:
            tile = self._tile_for(height, width)
            row = next(spans(height, tile, self.overlap, top))
            columns = spans(width, tile, self.overlap)
            try:
                tiles = [keep(self._tile(lr, row, column)) for column in columns]
            except (MemoryError, RuntimeError) as error:
                if not _ran_out_of_memory(error):
                    raise
                self.tile, tiles = self._smaller_tile(tile, error), []
            if not tiles:  # no longer in the except block: the error holds the activations
                torch.cuda.empty_cache()
                continue
            yield row, tiles
            top = row.stop

    def _tile_for(self, height: int, width: int) -> int:
        longest = max(height, width)
        tile = min(self.tile or longest, longest)
        if self.adaptive and self.device.type == "cpu" and tile < longest:
            return min(tile, max(CPU_OUTPUT // self.scale, SMALLEST_TILE))
        return tile

    def _smaller_tile(self, present: int, error: Exception) -> int:
        if not self.adaptive or present // 2 < SMALLEST_TILE:
            raise UserError(
                f"The memory of {self.device} does not suffice for tiles of {present} pixels: give a smaller --tile."
            ) from error
        return present // 2

    def _tile(self, lr: Tensor | np.ndarray, row: Span, column: Span) -> Tensor:
        part = _cut(lr, slice(row.first, row.last), slice(column.first, column.last)).to(self.device)
        result = ensemble_of_eight(self._run, part) if self.ensemble else self._run(part)
        s = self.scale
        return result[
            :,
            (row.start - row.first) * s : (row.stop - row.first) * s,
            (column.start - column.first) * s : (column.stop - column.first) * s,
        ]

    def _run(self, lr: Tensor) -> Tensor:
        precision = torch.autocast(self.device.type, self.dtype) if self.dtype else nullcontext()
        try:
            with precision:
                result = self.network(lr[None])[0]
        except (RuntimeError, ValueError) as error:
            if _ran_out_of_memory(error):
                raise
            raise UserError(_failure(self.network, lr, error)) from error
        expected = (3, lr.shape[-2] * self.scale, lr.shape[-1] * self.scale)
        if tuple(result.shape) != expected:
            raise UserError(
                f"The network made {tuple(result.shape)} of {tuple(lr.shape)}; x{self.scale} is {expected}."
            )
        return result.float()


def _ran_out_of_memory(error: Exception) -> bool:
    """torch has a class for the memory of GPUs alone; a CPU's allocator names itself."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def _failure(network: nn.Module, lr: Tensor, error: Exception) -> str:
    cause = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    return (
        f"{type(network).__name__} fails on {lr.shape[-1]}x{lr.shape[-2]} pixels: {cause}. If it takes certain sizes "
        "alone, train it as the network of type='Padded', which fits images to them."
    )


def _cut(lr: Tensor | np.ndarray, rows: slice, columns: slice) -> Tensor:
    return lr[:, rows, columns] if isinstance(lr, Tensor) else to_tensor(lr[rows, columns])


def spans(length: int, tile: int, overlap: int, begin: int = 0) -> Iterator[Span]:
    """Cuts a side, from ``begin`` on, into tiles of equal length (give or take a pixel), none longer than ``tile``."""
    count = -(-(length - begin) // tile)
    start = begin
    for i in range(1, count + 1):
        stop = begin + (length - begin) * i // count
        yield Span(start, stop, max(start - overlap, 0), min(stop + overlap, length))
        start = stop


def ensemble_of_eight(upscale: Callable[[Tensor], Tensor], lr: Tensor) -> Tensor:
    """Self-ensemble (Timofte et al. 2016): the mean over the eight flips and quarter turns, each turned back.

    Args:
        upscale: (3, h, w) to (3, s * h, s * w).
        lr: (3, h, w).
    """
    total = lr.new_zeros(())
    for turns in range(4):
        for flip in (False, True):
            turned = lr.rot90(turns, (1, 2))
            sr = upscale(turned.flip(2) if flip else turned)
            total = total + (sr.flip(2) if flip else sr).rot90(-turns, (1, 2))
    return total / 8
