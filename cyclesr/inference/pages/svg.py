"""Charts of matplotlib as SVG elements that take the colours and the font of a page."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

SIZE = (5.4, 3.6)  # of a chart in inches
# Colours of curves that can be told from each other on white and on black.
COLOURS = ("#2f7fd1", "#d9702b", "#2f9a5b", "#a35fc4", "#c23b6b", "#8a8f96")
_INK = "#000000"
# Text stays text, and the style sheet of the page gives it colour and font.
_SETTINGS: Any = {"svg.fonttype": "none", "legend.frameon": False, "axes.spines.top": False, "axes.spines.right": False}


def chart(draw: Callable[[Axes], None], name: str, size: tuple[float, float] = SIZE) -> str:
    """Returns an ``<svg>`` element that fits the width of its place.

    Args:
        draw: draws on the axes.
        name: begins the names inside the chart, which must be unique on a page.
        size: width and height in inches.
    """
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.add_subplot())
        stream = BytesIO()
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = stream.getvalue().decode()
    svg = svg[svg.index("<svg") :].replace(_INK, "currentColor")
    for before in ('id="', 'href="#', "url(#"):
        svg = svg.replace(before, f"{before}{name}_")
    return svg
