"""Tables with one row for each of the user's images."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from cyclesr.errors import UserError


class Draw(NamedTuple):
    """What each crop of a batch draws.

    Attributes:
        image: ``(N,)`` index of one of the user's images: the crop gets its kernel, noise and compression.
        variant: ``(N,)`` index of one of the kernels around the measured one.
    """

    image: Tensor
    variant: Tensor


class Tables(nn.Module):
    """Buffers whose rows belong to the user's images, or a single row that belongs to all of them.

    Tables without rows are filled after the images were measured, and a checkpoint holds them. Tables that a config
    gives have their rows at once, and a checkpoint does not hold them.

    Attributes:
        measured: whether the rows come from measurements of single images.
    """

    measured: bool

    def add(self, name: str, table: Tensor | None, *shape: int, dtype: torch.dtype = torch.float32) -> None:
        """Registers a table ``(rows, *shape)``; None is one without rows."""
        self.measured = table is None
        self.register_buffer(
            name, torch.empty(0, *shape, dtype=dtype) if table is None else table, persistent=self.measured
        )

    def fill(self, **tables: Tensor) -> None:
        """Replaces tables by others, on the same device and of the same type."""
        for name, table in tables.items():
            setattr(self, name, table.to(self.get_buffer(name)))

    @property
    def rows(self) -> int:
        """Returns the number of rows.

        Raises:
            UserError: nothing was measured yet.
        """
        rows = max(map(len, self.buffers(recurse=False)))
        if not rows:
            raise UserError(
                f"{type(self).__name__} draws from measurements of single images, found none: training measures them, "
                "and in Python CameraDegradation.take() does."
            )
        return rows

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        for name, table in self.named_buffers(recurse=False):
            if prefix + name in state_dict:
                setattr(self, name, table.new_empty(state_dict[prefix + name].shape))
        super()._load_from_state_dict(state_dict, prefix, *args)


def rows_of(table: Tensor, image: Tensor) -> Tensor:
    """Returns the rows ``(N, ...)`` of the drawn images ``(N,)``; a single row belongs to all images."""
    return table[image % len(table)]
