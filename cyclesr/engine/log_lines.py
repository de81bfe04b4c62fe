"""Lines of the log with the values that a user watches. The JSON log has all values."""

import re
from collections.abc import Mapping
from datetime import timedelta

# Learning rates, gradient norms, and values that the line has in another place.
_NOT_WATCHED = re.compile(r"(.*\.)?lr|grad_norm(_.*)?|time|data_time|memory|iter|epoch")


def watched(scalars: Mapping[str, float]) -> dict[str, str]:
    """Returns losses, scores and other values that are not internal to the optimizers, as text.

    ``skipped``, the share of skipped steps, is included only if it is not 0.
    """
    chosen = {name: value for name, value in scalars.items() if not _NOT_WATCHED.fullmatch(name)}
    return {name: as_text(value) for name, value in chosen.items() if name != "skipped" or value}


def as_text(value: float) -> str:
    """Returns a number with four decimals, or a small one in scientific notation: ``0.5312``, ``5.3124e-06``."""
    return f"{value:.4f}" if value == 0 or abs(value) >= 1e-3 else f"{value:.4e}"


def training_line(done: int, total: int, scalars: Mapping[str, float], seconds_left: float | None) -> str:
    """Returns ``Iter(train) [ 50/1200]  eta: 0:04:31  time: 0.2354  loss_sr: 5.7281``.

    Args:
        done: number of iterations up to now.
        total: number of iterations of the training.
        scalars: logged values by name. ``time`` is in seconds per iteration, ``memory`` is the GPU's in MiB.
        seconds_left: estimated time to the end in seconds, or ``None`` if it is unknown.
    """
    left = {} if seconds_left is None else {"eta": str(timedelta(seconds=int(seconds_left)))}
    costs = {name: as_text(scalars[name]) for name in ("time",) if name in scalars}
    memory = {"memory": str(scalars["memory"])} if "memory" in scalars else {}
    return _line("train", done, total, {**left, **costs, **memory, **watched(scalars)})


def validation_line(done: int, total: int, scores: Mapping[str, float]) -> str:
    """Returns ``Iter(val) [600/1200]  psnr: 27.3121  ssim: 0.8123``: the scores after ``done`` iterations."""
    return _line("val", done, total, watched(scores))


def _line(mode: str, done: int, total: int, parts: Mapping[str, str]) -> str:
    return "  ".join([f"Iter({mode}) [{done:>{len(str(total))}}/{total}]", *(f"{k}: {v}" for k, v in parts.items())])
