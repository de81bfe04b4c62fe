"""Curves of a measurement: all in one picture, or one chart at a time for a page."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cyclesr.degradations.camera import FREQUENCIES
from cyclesr.inference.measurement.report import FolderMeasurement, MeasurementReport
from cyclesr.inference.pages.svg import COLOURS, SIZE, chart

_LEVELS = 255
_GRAY = "#8c8c8c"

Chart = Callable[[Axes, MeasurementReport], None]


def draw_mtf(axes: Axes, report: MeasurementReport) -> None:
    """Draws the MTF with its spread over images, that of each group, and that of the reduced HR images."""
    camera = report.real.camera
    low, high = (camera.mtf * np.exp(sign * camera.spread) for sign in (-1, 1))
    axes.fill_between(FREQUENCIES, low, high, color=COLOURS[0], alpha=0.2, linewidth=0, label="spread over images")
    axes.plot(FREQUENCIES, camera.mtf, color=COLOURS[0], linewidth=2, label="real images")
    if len(report.real.groups) > 1:
        for number, group in enumerate(report.real.groups, 1):
            mean = np.exp(np.log(camera.mtfs[list(group.indices)]).mean(0))
            colour = COLOURS[number % len(COLOURS)]
            axes.plot(FREQUENCIES, mean, "--", color=colour, linewidth=1.4, label=f"group {number}")
    if report.hr is not None:
        label = f"HR images, reduced by {report.scale}"
        axes.plot(FREQUENCIES, report.hr.reduced.mtf, ":", color="black", linewidth=1.6, label=label)
    axes.axhline(1, color=_GRAY, linewidth=0.8)
    axes.set(title="Sharpness (MTF)", xlabel="frequency, cycles per pixel", ylabel="gain", xlim=(0, 0.5))
    highest = max(curve.max() for curve in (camera.mtf, *((report.hr.reduced.mtf,) if report.hr else ())))
    axes.set_ylim(0, min(max(1.5, 1.1 * float(highest)), 2))
    axes.legend(fontsize=8)


def draw_noise(axes: Axes, report: MeasurementReport) -> None:
    """Draws the noise of the flat patches of each image against their brightness, and the median of the fits."""
    axes.set(title="Noise against brightness", xlabel="brightness", ylabel="standard deviation, levels of 255")
    axes.set_xlim(0, 1)
    if report.real.noise is None:
        _say(axes, "no flat areas")
        return
    for one in report.real.camera.noises:
        axes.plot(one.brightness, _LEVELS * np.mean(one.std, 1), ".-", color=COLOURS[0], alpha=0.3, linewidth=0.7)
    brightness = np.linspace(0, 1, 50)
    fits = [np.sqrt(one.read**2 + one.shot * brightness) for one in report.real.camera.noises]
    axes.plot(brightness, _LEVELS * np.median(fits, 0), color=COLOURS[1], linewidth=2, label="median of the fits")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8)


def draw_spectrum(axes: Axes, report: MeasurementReport) -> None:
    """Draws the median power spectrum of the noise; white noise has 1 everywhere."""
    axes.set(title="Spectrum of the noise", xlabel="frequency, cycles per pixel", ylabel="power (white noise: 1)")
    axes.set_xlim(0, 0.5)
    noise = report.real.noise
    if noise is None:
        _say(axes, "no flat areas")
        return
    axes.axhline(1, color=_GRAY, linewidth=0.8)
    spectra = np.array([one.spectrum for one in report.real.camera.noises])
    low, high = np.quantile(spectra, (0.1, 0.9), axis=0)
    axes.fill_between(FREQUENCIES, low, high, color=COLOURS[0], alpha=0.2, linewidth=0, label="80 % of the images")
    axes.plot(FREQUENCIES, noise.spectrum, color=COLOURS[0], linewidth=2, label="median")
    axes.legend(fontsize=8)


def draw_compression(axes: Axes, report: MeasurementReport) -> None:
    """Draws how many images have which JPEG quality."""
    axes.set(title="JPEG quality", xlabel="quality", ylabel="images")
    found = report.real.compression
    if not found.qualities:
        _say(axes, "no JPEG, neither in files nor in pixels")
        return
    axes.hist(found.qualities, bins=list(range(0, 105, 5)), color=COLOURS[0])
    axes.set_xlim(min(40, found.qualities[0] - 5), 100)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))


CHARTS: dict[str, Chart] = {
    "mtf": draw_mtf,
    "noise": draw_noise,
    "spectrum": draw_spectrum,
    "compression": draw_compression,
}


def chart_svg(name: str, report: MeasurementReport) -> str:
    """Returns one of :data:`CHARTS` as an ``<svg>`` element that fits the width of its place."""
    return chart(lambda axes: CHARTS[name](axes, report), name)


def write_picture(path: Path, report: MeasurementReport) -> None:
    """Writes all charts to one PNG."""
    figure = Figure(figsize=(2 * SIZE[0], 2 * SIZE[1]), layout="constrained")
    figure.suptitle(_title(report.real))
    for axes, draw in zip(figure.subplots(2, 2).flat, CHARTS.values(), strict=True):
        draw(axes, report)
    figure.savefig(path, format="png", dpi=110)


def _title(real: FolderMeasurement) -> str:
    return f"{real.folder.name}: {len(real.camera.images)} images"


def _say(axes: Axes, text: str) -> None:
    axes.set(xticks=[], yticks=[])
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=_GRAY)
