"""Tracing: torch runs a network once and records its operators. What Python decided in between stays fixed."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from torch.jit import TracerWarning

from cyclesr.errors import UserError


@contextmanager
def no_choices() -> Iterator[None]:
    """Ignores the tracer's warnings, which the comparison of outputs makes superfluous, except one.

    Raises:
        UserError: the network loops over the values of a tensor. Mixtures of experts choose so what to run for an
            image. The record would hold the choice for the traced image, and a comparison need not show that.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=TracerWarning)
        warnings.filterwarnings("error", "Iterating over a tensor", category=TracerWarning)
        try:
            yield
        except TracerWarning as warning:
            raise UserError(
                "it loops over the values of a tensor, such as the choice of experts for an image, which a trace would "
                "fix. (If only their number counts, loop over tensor.unbind() instead.)"
            ) from warning


def single_line(error: Exception) -> str:
    """Returns the first sentence of an error message that may have many lines."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text.split(". ")[0].rstrip(".") + "."
