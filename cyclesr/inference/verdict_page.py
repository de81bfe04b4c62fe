"""A self-contained HTML page of a verdict: every image enlarged by bicubic interpolation and by the network."""

import math
from html import escape

from torch import Tensor

from cyclesr.degradations.imresize import imresize
from cyclesr.inference.pages.document import Section, document, paragraph, table
from cyclesr.inference.pages.viewer import ImageViewer
from cyclesr.inference.verdict import Verdict, verdict_rows

AMPLIFIED = 1.1  # ratio of the deviations in flat areas above which noise is called amplified


class VerdictPage:
    """Collects the enlarged images while :func:`~cyclesr.inference.verdict.judge` makes them.

    Args:
        title: heading of the page.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self._viewer = ImageViewer()

    def add(self, name: str, lr: Tensor, sr: Tensor) -> None:
        """Adds an image.

        Args:
            name: name of the image in the verdict.
            lr: ``(C, h, w)`` in [0, 1].
            sr: ``(C, scale * h, scale * w)`` in [0, 1].
        """
        self._viewer.add(name, bicubic_and_sr(lr, sr))

    def html(self, verdict: Verdict) -> str:
        """Returns the page, with all images inlined."""
        return document(
            self.title,
            [
                Section("Images", self._viewer.html() + noise_html(verdict)),
                Section("Verdict", verdict_html(verdict)),
            ],
        )


def bicubic_and_sr(lr: Tensor, sr: Tensor) -> dict[str, Tensor]:
    """Returns the versions of an image to compare: the bicubic enlargement of ``lr`` ``(C, h, w)``, and ``sr``."""
    return {"bicubic": imresize(lr.double(), size=(sr.shape[-2], sr.shape[-1])), "SR": sr}


def verdict_html(verdict: Verdict) -> str:
    """Returns a verdict in words, and its measures as a table."""
    first, *others = verdict.lines()
    head, *rows = verdict_rows(verdict)
    kind = f"headline {'good' if verdict.better else 'bad'}"
    return "\n".join([paragraph(first, kind), *map(paragraph, others), table(head, rows)])


def noise_html(verdict: Verdict) -> str:
    """Returns how much noise the network leaves in flat areas of each image, compared with bicubic."""
    ratios = {name: verdict.noise_ratio(name) for name in verdict.images}
    loud = sum(ratio > AMPLIFIED for ratio in ratios.values())
    count = f"Noise is amplified (ratio above {AMPLIFIED}) in {loud} of {len(ratios)} images."
    lines = "".join(map(_noise_line, ratios, ratios.values()))
    return f"<details><summary>{escape(count)}</summary><ul>{lines}</ul></details>"


def _noise_line(name: str, ratio: float) -> str:
    words = "no flat areas" if math.isnan(ratio) else f"deviation in flat areas: {ratio:.2f} times bicubic's"
    mark = ' class="bad"' if ratio > AMPLIFIED else ""
    return f"<li>{escape(name)}: <span{mark}>{words}</span></li>"
