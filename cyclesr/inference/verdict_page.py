"""A self-contained HTML page of a verdict: every image enlarged by bicubic interpolation and by the network."""

import base64
import html
import io

from PIL import Image
from torch import Tensor

from cyclesr.degradations.imresize import imresize
from cyclesr.images.tensors import to_array
from cyclesr.inference.verdict import Verdict, verdict_rows

AMPLIFIED = 1.1  # ratio of the deviations in flat areas above which noise is called amplified
_QUALITY = 95  # of the inlined JPEGs
_STYLE = """
body { font-family: sans-serif; margin: 2em; color: #222; }
table { border-collapse: collapse; } td, th { padding: .2em .8em; text-align: left; border-bottom: 1px solid #ddd; }
figure { margin: 2em 0; } .pair { display: flex; flex-wrap: wrap; gap: 8px; } .pair div { flex: 1; min-width: 300px; }
img { max-width: 100%; display: block; } .harm { color: #b00; font-weight: bold; }
"""


class VerdictPage:
    """Collects the enlarged images while :func:`~cyclesr.inference.verdict.judge` makes them.

    Args:
        title: heading of the page.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self._pairs: dict[str, tuple[str, str]] = {}  # bicubic and SR of each image, as data URLs

    def add(self, name: str, lr: Tensor, sr: Tensor) -> None:
        """Adds an image.

        Args:
            name: name of the image in the verdict.
            lr: ``(3, h, w)`` in [0, 1].
            sr: ``(3, scale * h, scale * w)`` in [0, 1].
        """
        bicubic = imresize(lr.double(), size=(sr.shape[-2], sr.shape[-1]))
        self._pairs[name] = _inlined(bicubic), _inlined(sr)

    def html(self, verdict: Verdict) -> str:
        """Returns the page, with all images inlined."""
        ratios = [verdict.noise_ratio(name) for name in self._pairs]
        loud = sum(ratio > AMPLIFIED for ratio in ratios)
        parts = [f"<h1>{html.escape(self.title)}</h1>", *(f"<p>{html.escape(line)}</p>" for line in verdict.lines())]
        parts += [
            _table(verdict),
            f"<p>Noise is amplified (ratio above {AMPLIFIED}) in {loud} of {len(ratios)} images.</p>",
        ]
        parts += [self._figure(name, ratio) for name, ratio in zip(self._pairs, ratios, strict=True)]
        head = f'<meta charset="utf-8"><title>{html.escape(self.title)}</title><style>{_STYLE}</style>'
        return f"<!DOCTYPE html>\n<html><head>{head}</head><body>\n" + "\n".join(parts) + "\n</body></html>\n"

    def _figure(self, name: str, ratio: float) -> str:
        words = f"deviation in flat areas: {ratio:.2f} times bicubic's" if ratio == ratio else "no flat areas"
        mark = ' class="harm"' if ratio > AMPLIFIED else ""
        images = "".join(
            f'<div>{title}<img alt="{title} of {html.escape(name)}" src="{url}"></div>'
            for title, url in zip(("bicubic", "SR"), self._pairs[name], strict=True)
        )
        caption = f"<figcaption>{html.escape(name)}: <span{mark}>{words}</span></figcaption>"
        return f'<figure>{caption}<div class="pair">{images}</div></figure>'


def _table(verdict: Verdict) -> str:
    head, *rows = verdict_rows(verdict)
    lines = ["".join(f"<th>{html.escape(cell)}</th>" for cell in head)]
    lines += ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _inlined(image: Tensor) -> str:
    file = io.BytesIO()
    Image.fromarray(to_array(image)).save(file, "JPEG", quality=_QUALITY, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
