"""Curves of a training: losses, scores of validations, learning rates, norms of gradients."""

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes

from cyclesr.inference.pages.svg import COLOURS, chart
from cyclesr.inference.training_report.record import TrainingRecord, Values

_SCORES = {"psnr": "PSNR, dB", "ssim": "SSIM", "lpips": "LPIPS", "dists": "DISTS", "niqe": "NIQE"}
_NO_SCORES = ("step", "time", "data_time")
_OF_SR = ("loss_sr", "loss_feedback", "loss_consistency")
_MOST_POINTS = 1000  # of a curve; longer ones are averaged
_SEVERAL = 20  # largest value over smallest from which an axis is logarithmic

Curves = dict[str, tuple[np.ndarray, np.ndarray]]  # steps and values by title


def curves_html(record: TrainingRecord) -> str:
    """Returns all charts of a training; empty if nothing was logged."""
    charts = [chart(_drawing(title, curves), f"curve{n}") for n, (title, curves) in enumerate(groups(record))]
    return f'<div class="charts">{"".join(f"<div>{svg}</div>" for svg in charts)}</div>' if charts else ""


def groups(record: TrainingRecord) -> Iterator[tuple[str, Curves]]:
    """Yields the title and the curves of each chart: a chart for each score, and for the losses of each network."""
    for name, curve in _curves(record.scores, lambda name: name not in _NO_SCORES).items():
        yield f"Validation: {_SCORES.get(name, name)}", {name: curve}
    found = {
        "Losses of the SR network": _curves(record.losses, lambda name: _network(name) == "sr"),
        "Losses of the translator": _curves(record.losses, lambda name: _network(name) == "translator"),
        "Losses of discriminators": _curves(record.losses, lambda name: _network(name) == "discriminators"),
        "Learning rates": _curves(record.losses, lambda name: name.endswith(".lr")),
        "Norms of gradients": _curves(record.losses, lambda name: name.startswith("grad_norm")),
    }
    yield from ((title, curves) for title, curves in found.items() if curves)


def _network(name: str) -> str:
    """Returns whose loss has this name; empty if it is no loss."""
    if not name.startswith("loss_"):
        return ""
    if "disc" in name or "realness" in name:
        return "discriminators"
    return "sr" if name.startswith(_OF_SR) else "translator"


def _curves(entries: Sequence[Values], wanted: Callable[[str], bool]) -> Curves:
    names = dict.fromkeys(name for values in entries for name in values if wanted(name))
    return {name: _curve(entries, name) for name in names}


def _curve(entries: Sequence[Values], name: str) -> tuple[np.ndarray, np.ndarray]:
    points = np.array([(values["step"], values[name]) for values in entries if name in values])
    parts = np.array_split(points, min(len(points), _MOST_POINTS))
    steps, values = np.array([part.mean(0) for part in parts]).T
    return steps, values


def _drawing(title: str, curves: Curves) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        for (name, (steps, values)), colour in zip(curves.items(), cycle(COLOURS)):
            label = name.removeprefix("loss_").removesuffix(".lr").removeprefix("grad_norm_")
            axes.plot(steps, values, color=colour, linewidth=1.6, marker="." if len(steps) < 30 else "", label=label)
        axes.set(title=title, xlabel="iteration")
        axes.grid(color="#8a8f96", alpha=0.25, linewidth=0.7)
        axes.set_axisbelow(True)
        if _spans_orders([values for _, values in curves.values()]):
            axes.set_yscale("log")
        if len(curves) > 1:
            axes.legend(fontsize=8, ncols=2 if len(curves) > 4 else 1)

    return draw


def _spans_orders(values: Sequence[np.ndarray]) -> bool:
    every = np.concatenate(values)
    finite = every[np.isfinite(every)]
    return bool(len(finite) and finite.min() > 0 and finite.max() > _SEVERAL * finite.min())
