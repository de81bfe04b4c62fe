"""The numbers of a training that a user watches, as a line of the log. Logs for programs hold all of them."""

import re
from collections.abc import Mapping
from datetime import timedelta

# Learning rates, norms of gradients and what the line says elsewhere.
_NOT_WATCHED = re.compile(r"(.*\.)?lr|grad_norm(_.*)?|time|data_time|memory|iter|epoch")


def watched(scalars: Mapping[str, float]) -> dict[str, str]:
    """Selects losses, scores and all else that is not internal to the optimizers; returns texts of the numbers.

    ``skipped``, the share of skipped steps, is internal as long as it is 0.
    """
    chosen = {name: value for name, value in scalars.items() if not _NOT_WATCHED.fullmatch(name)}
    return {name: as_text(value) for name, value in chosen.items() if name != "skipped" or value}


def as_text(value: float) -> str:
    """Writes a number with four decimals, and a small one with as many digits: ``0.5312``, ``5.3124e-06``."""
    return f"{value:.4f}" if value == 0 or abs(value) >= 1e-3 else f"{value:.4e}"


def training_line(done: int, total: int, scalars: Mapping[str, float], seconds_left: float | None) -> str:
    """Returns ``Iter(train) [ 50/1200]  eta: 0:04:31  time: 0.2354  loss_sr: 5.7281``.

    Args:
        done: number of iterations up to now.
        total: number of iterations of the training.
        scalars: what was logged, by name; ``time`` is in seconds per iteration, ``memory`` in MiB of the GPU.
        seconds_left: estimate of the time to the end; None if it is unknown.
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
