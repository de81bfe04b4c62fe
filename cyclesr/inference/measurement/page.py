"""The report as one HTML page."""

from collections.abc import Iterable, Iterator
from html import escape

from cyclesr.inference.measurement.charts import CHARTS, chart_svg
from cyclesr.inference.measurement.findings import Finding, findings, group_title
from cyclesr.inference.measurement.report import FolderMeasurement, MeasurementReport
from cyclesr.inference.pages.document import Section, bullets, document, paragraph, table

_HEAD = ("file", "size", "edges", "noise, levels", "JPEG", "chroma")
_LEVELS = 255


def page(report: MeasurementReport) -> str:
    """Returns the page."""
    title = f"Measurement of {report.real.folder.name}, scale {report.scale}"
    return document(title, [*_sections(report)])


def _sections(report: MeasurementReport) -> Iterator[Section]:
    yield Section("Findings", findings_html(findings(report)))
    yield Section("Curves", charts_html(report))
    yield from _groups(report.real)
    yield Section("Images", _files(report.real))
    passed_over = [*report.real.passed_over, *(report.hr.whole.passed_over if report.hr else ())]
    if passed_over:
        yield Section("Passed over", bullets(passed_over))


def findings_html(found: Iterable[Finding]) -> str:
    """Returns findings as a list of titles, texts and advice."""
    return f'<dl class="findings">{"".join(map(_finding, found))}</dl>'


def _finding(finding: Finding) -> str:
    advice = f'<div class="advice">{escape(finding.advice)}</div>' if finding.advice else ""
    return f"<dt>{escape(finding.title)}</dt><dd>{escape(finding.text)}{advice}</dd>\n"


def charts_html(report: MeasurementReport) -> str:
    """Returns all charts of a measurement."""
    return f'<div class="charts">{"".join(f"<div>{chart_svg(name, report)}</div>" for name in CHARTS)}</div>'


def _groups(real: FolderMeasurement) -> Iterator[Section]:
    if len(real.groups) > 1:
        for number, group in enumerate(real.groups, 1):
            yield Section(group_title(real, number, group), paragraph(", ".join(real.names(group))))


def _files(real: FolderMeasurement) -> str:
    rows = []
    for image in real.camera.images:
        noise = "" if image.noise is None else f"{_LEVELS * image.noise.level:.1f}"
        found = image.compression
        stored = ("none", "") if found is None else (f"{found.quality}", found.subsampling or "other")
        rows.append((image.name, f"{image.width}x{image.height}", f"{image.edges}", noise, *stored))
    return table(_HEAD, rows)
