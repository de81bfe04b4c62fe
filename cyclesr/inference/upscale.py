"""Super-resolution of an image of any size in bounded memory: tiles with overlap, and the x8 self-ensemble."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from cyclesr.errors import UserError

FIRST_TILE = 512  # LR pixels; what 'auto' begins with
SMALLEST_TILE = 32


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
            whenever the memory does not suffice.
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
            UserError: the network's output has another size, or even the smallest tile does not fit into memory.
        """
        return ensemble_of_eight(self._tiled, lr) if self.ensemble else self._tiled(lr)

    def _tiled(self, lr: Tensor) -> Tensor:
        while True:
            try:
                return self._with_tiles(lr, self.tile)
            except torch.OutOfMemoryError as error:
                self.tile = self._smaller_tile(lr, error)
                torch.cuda.empty_cache()

    def _smaller_tile(self, lr: Tensor, error: torch.OutOfMemoryError) -> int:
        present = min(self.tile or max(lr.shape), max(lr.shape))
        if not self.adaptive or present // 2 < SMALLEST_TILE:
            raise UserError(
                f"The memory of {self.device} does not suffice for tiles of {present} pixels: give a smaller --tile."
            ) from error
        return present // 2

    def _with_tiles(self, lr: Tensor, tile: int | None) -> Tensor:
        _, height, width = lr.shape
        rows = list(spans(height, tile or height, self.overlap))
        columns = list(spans(width, tile or width, self.overlap))
        sr = torch.empty(3, height * self.scale, width * self.scale)
        for row in rows:
            for column in columns:
                self._fill(sr, lr, row, column)
        return sr

    def _fill(self, sr: Tensor, lr: Tensor, row: Span, column: Span) -> None:
        result = self._run(lr[:, row.first : row.last, column.first : column.last])
        s = self.scale
        inner = result[
            :,
            (row.start - row.first) * s : (row.stop - row.first) * s,
            (column.start - column.first) * s : (column.stop - column.first) * s,
        ]
        sr[:, row.start * s : row.stop * s, column.start * s : column.stop * s] = inner

    def _run(self, lr: Tensor) -> Tensor:
        precision = torch.autocast(self.device.type, self.dtype) if self.dtype else nullcontext()
        with precision:
            result = self.network(lr[None].to(self.device))[0]
        expected = (3, lr.shape[-2] * self.scale, lr.shape[-1] * self.scale)
        if tuple(result.shape) != expected:
            raise UserError(
                f"The network made {tuple(result.shape)} of {tuple(lr.shape)}; x{self.scale} is {expected}."
            )
        return result.float()


def spans(length: int, tile: int, overlap: int) -> Iterator[Span]:
    """Cuts a side into tiles of equal length (give or take a pixel), none longer than ``tile``."""
    count = -(-length // tile)
    edges = [length * i // count for i in range(count + 1)]
    for start, stop in pairwise(edges):
        yield Span(start, stop, max(start - overlap, 0), min(stop + overlap, length))


def ensemble_of_eight(upscale: Callable[[Tensor], Tensor], lr: Tensor) -> Tensor:
    """Self-ensemble (Timofte et al. 2016): the mean over the eight flips and quarter turns, each turned back.

    Args:
        upscale: (3, h, w) to (3, s * h, s * w).
        lr: (3, h, w).
    """
    total = torch.zeros(())
    for turns in range(4):
        for flip in (False, True):
            turned = lr.rot90(turns, (1, 2))
            sr = upscale(turned.flip(2) if flip else turned)
            total = total + (sr.flip(2) if flip else sr).rot90(-turns, (1, 2))
    return total / 8
