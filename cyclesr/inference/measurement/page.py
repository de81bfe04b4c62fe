"""The report as one HTML page, which needs no other file and no network, and fits the width of a phone."""

from collections.abc import Iterable
from html import escape

import cyclesr
from cyclesr.inference.measurement.charts import CHARTS, chart_svg
from cyclesr.inference.measurement.findings import Finding, findings, group_title
from cyclesr.inference.measurement.report import FolderMeasurement, MeasurementReport

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 60rem; margin: 0 auto;
  padding: 1rem; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.4rem; }} h2 {{ font-size: 1.1rem; margin: 2rem 0 0.5rem; }}
dt {{ font-weight: 600; margin-top: 0.8rem; }} dd {{ margin: 0; }}
.advice {{ border-left: 4px solid #c2571a; padding-left: 0.6rem; margin-top: 0.2rem; }}
.charts {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); gap: 1rem; }}
.charts svg {{ width: 100%; height: auto; }}
.table {{ overflow-x: auto; }} table {{ border-collapse: collapse; font-size: 0.85rem; }}
th, td {{ text-align: left; padding: 0.15rem 0.7rem 0.15rem 0; border-bottom: 1px solid #ddd; white-space: nowrap; }}
footer {{ color: #666; font-size: 0.85rem; margin-top: 2rem; }}
</style>
</head>
<body>
<h1>{title}</h1>
<dl>
{findings}
</dl>
<h2>Curves</h2>
<div class="charts">
{charts}
</div>
{sections}
<footer>Written by cyclesr {version}.</footer>
</body>
</html>
"""
_HEAD = ("file", "size", "edges", "noise, levels", "JPEG", "chroma")
_LEVELS = 255


def page(report: MeasurementReport) -> str:
    """Returns the page."""
    sections = [*_groups(report.real), _files(report.real), *_passed_over(report)]
    return _PAGE.format(
        title=escape(f"Measurement of {report.real.folder.name}, scale {report.scale}"),
        findings="\n".join(map(_finding, findings(report))),
        charts="\n".join(f"<div>{_own_names(chart_svg(name, report), name)}</div>" for name in CHARTS),
        sections="\n".join(sections),
        version=escape(cyclesr.__version__),
    )


def _finding(finding: Finding) -> str:
    advice = f'<div class="advice">{escape(finding.advice)}</div>' if finding.advice else ""
    return f"<dt>{escape(finding.title)}</dt><dd>{escape(finding.text)}{advice}</dd>"


def _own_names(svg: str, name: str) -> str:
    """Makes the names inside a chart unique on the page, because several charts use the same."""
    for before in ('id="', 'href="#', "url(#"):
        svg = svg.replace(before, f"{before}{name}_")
    return svg


def _groups(real: FolderMeasurement) -> Iterable[str]:
    if len(real.groups) > 1:
        for number, group in enumerate(real.groups, 1):
            yield _section(group_title(real, number, group), f"<p>{escape(', '.join(real.names(group)))}</p>")


def _files(real: FolderMeasurement) -> str:
    rows = []
    for image in real.camera.images:
        noise = "" if image.noise is None else f"{_LEVELS * image.noise.level:.1f}"
        found = image.compression
        stored = ("none", "") if found is None else (f"{found.quality}", found.subsampling or "other")
        rows.append((image.name, f"{image.width}x{image.height}", f"{image.edges}", noise, *stored))
    lines = [_row("th", _HEAD), *(_row("td", row) for row in rows)]
    return _section("Images", f'<div class="table"><table>\n{chr(10).join(lines)}\n</table></div>')


def _row(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _passed_over(report: MeasurementReport) -> Iterable[str]:
    lines = [*report.real.passed_over, *(report.hr.whole.passed_over if report.hr else ())]
    if lines:
        yield _section("Passed over", "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>")


def _section(title: str, body: str) -> str:
    return f"<h2>{escape(title)}</h2>\n{body}"
