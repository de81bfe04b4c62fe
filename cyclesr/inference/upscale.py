"""Super-resolution of images of any size in bounded memory, with overlapping tiles, and the x8 self-ensemble."""

import logging
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from mmengine.logging import print_log
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.images.tensors import to_tensor
from cyclesr.models.networks.image_channels import channels_of
from cyclesr.optim.precision import has_native_bfloat16

FIRST_TILE = 512  # LR pixels; first tile size of 'auto'
CPU_OUTPUT = 768  # SR pixels; side of an SR tile of 'auto' on a CPU, for images larger than FIRST_TILE
SMALLEST_TILE = 32  # LR pixels; 'auto' does not go below

Kept = TypeVar("Kept")


class Span(NamedTuple):
    """The extent of a tile along one axis, in LR pixels. Ends are exclusive.

    The network is given ``first:last``, and ``start:stop`` of its result is kept.
    """

    start: int
    stop: int
    first: int
    last: int


class Upscaler:
    """Runs an SR network over whole images.

    Attributes:
        channels: number of channels of the images.

    Args:
        network: SR network, (N, 3, h, w) to (N, 3, scale * h, scale * w).
        scale: scale factor of the network.
        device: device of the network. Images may be on another device; results are on the CPU.
        tile: side of a tile in LR pixels. ``None`` processes the whole image at once. ``auto`` starts with 512 and
            halves the side whenever memory runs out. On a CPU, where large tiles would lead to swapping instead of an
            error, ``auto`` starts with ``768 / scale`` for images larger than 512.
        overlap: number of LR pixels that a tile is extended by on every side. If it is at least the receptive radius
            of the network, the result equals that of the whole image. Networks with global operations (instance norm)
            always differ.
        dtype: dtype of autocast (bfloat16, float16). ``None`` computes in float32.
        ensemble: whether to average the results for the eight flips and quarter turns of the input, which takes eight
            times as long.

    A network whose values overflow in float16 goes on in bfloat16 or, where the device has no instructions for it, in
    float32, and a warning says so.

    Raises:
        UserError: the tile or the overlap is invalid, or float16 is asked for on a CPU.
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
        self.channels = channels_of(network)

    def _checked(self, tile: int | str | None) -> int | None:
        if self.overlap < 0:
            raise UserError(f"The overlap of tiles must be at least 0 pixels, found {self.overlap}.")
        if self.dtype == torch.float16 and self.device.type == "cpu":
            raise UserError("float16 needs a GPU: use bfloat16 or float32 on a CPU.")
        if tile == "auto":
            return FIRST_TILE
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
        for row, tiles in self.rows(lr, Tensor.cpu):
            sr[:, row.start * self.scale : row.stop * self.scale] = torch.cat(tiles, 2)
        return sr

    @torch.inference_mode()
    def rows(self, lr: Tensor | np.ndarray, keep: Callable[[Tensor], Kept]) -> Iterator[tuple[Span, list[Kept]]]:
        """Yields the result from top to bottom, one row of tiles at a time.

        Only one row of results is in memory besides the image.

        Args:
            lr: LR image, (3, h, w) in [0, 1], or (h, w, 3) of uint8 or uint16.
            keep: function applied to each SR tile, (3, k, l) float32 on the device.

        Yields:
            The extent of the row in ``lr``, and the results of ``keep`` from left to right.

        Raises:
            UserError: as for :meth:`__call__`.
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
            if not tiles:  # outside the except block, because the error keeps the activations alive
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
                f"The memory of {self.device} is too small for tiles of {present} pixels: give a smaller --tile."
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
        result = self._output(lr)
        if result.isfinite().all():
            return result
        if self.dtype is torch.float16:
            self._leave_float16()
            return self._run(lr)
        raise UserError(
            f"{type(self.network).__name__} gives values that are not finite (NaN or infinite): its weights are "
            "damaged, or of a training that diverged. Take an earlier checkpoint."
        )

    def _leave_float16(self) -> None:
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
                result = self.network(lr[None])[0]
        except Exception as error:  # the network may be anybody's
            if _ran_out_of_memory(error):
                raise
            raise UserError(_failure(self.network, lr, error)) from error
        expected = (self.channels, lr.shape[-2] * self.scale, lr.shape[-1] * self.scale)
        if tuple(result.shape) != expected:
            raise UserError(
                f"For an input {tuple(lr.shape)} the output of an x{self.scale} network must be {expected}, found "
                f"{tuple(result.shape)}."
            )
        return result.float()


def _ran_out_of_memory(error: Exception) -> bool:
    """Returns whether an error means that memory ran out.

    torch raises a class of its own only for GPUs. The message of the CPU allocator contains its name.
    """
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def _failure(network: nn.Module, lr: Tensor, error: Exception) -> str:
    cause = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    return (
        f"{type(network).__name__} fails on an image of {lr.shape[-1]}x{lr.shape[-2]} pixels: {cause}. If it takes "
        "only certain sizes, train it as the network of type='Padded', which pads images to such sizes."
    )


def _cut(lr: Tensor | np.ndarray, rows: slice, columns: slice) -> Tensor:
    return lr[:, rows, columns] if isinstance(lr, Tensor) else to_tensor(lr[rows, columns])


def spans(length: int, tile: int, overlap: int, begin: int = 0) -> Iterator[Span]:
    """Yields tiles that divide ``begin:length`` equally (lengths differ by at most one), none longer than ``tile``."""
    count = -(-(length - begin) // tile)
    start = begin
    for i in range(1, count + 1):
        stop = begin + (length - begin) * i // count
        yield Span(start, stop, max(start - overlap, 0), min(stop + overlap, length))
        start = stop


def ensemble_of_eight(upscale: Callable[[Tensor], Tensor], lr: Tensor) -> Tensor:
    """Returns the self-ensemble (Timofte et al. 2016): the mean over the eight flips and quarter turns of the input.

    Each result is flipped and turned back before averaging.

    Args:
        upscale: function from (3, h, w) to (3, s * h, s * w).
        lr: LR image, (3, h, w).
    """
    total = lr.new_zeros(())
    for turns in range(4):
        for flip in (False, True):
            turned = lr.rot90(turns, (1, 2))
            sr = upscale(turned.flip(2) if flip else turned)
            total = total + (sr.flip(2) if flip else sr).rot90(-turns, (1, 2))
    return total / 8
