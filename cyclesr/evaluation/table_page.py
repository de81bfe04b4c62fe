"""A page with a table: measured figures, their spread over seeds, and beside one of the paper's its own figures."""

import shlex
import statistics
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

from cyclesr.evaluation.published import CHALLENGES, published
from cyclesr.evaluation.tables import ROWS, Key, Table, rows_of

Cells = dict[Key, dict[str, Any]]
Results = dict[str, list[dict[str, Any]]]  # of one track: a row's results, one a seed
METRICS = {"psnr": 2, "ssim": 4, "lpips": 4}
HEADER = "| method | seeds | PSNR | over bicubic | SSIM | LPIPS | LR to true LR | iterations | minutes |"
PAPERS = " PSNR (paper) | SSIM (paper) | LPIPS (paper) |"
SCALES = {
    "demo": (
        "Demo scale: every seed simulates its track anew from photographs (`tools/prepare_data.py track`), two fifths "
        "HR, two fifths real LR of other scenes, one fifth held out. Networks and trainings are small. Only the order "
        "of the rows may be compared with the paper's, which was measured on DIV2K."
    ),
    "full": "Full scale: the configs of DIV2K. Which protocol made the paper's figures is not known, see "
    "docs/evaluation.md.",
}


def page(table: Table, scale: str, effort: dict[str, Any], cells: Cells) -> str:
    """The page in Markdown.

    Args:
        table: of the paper, or ``pairings``.
        scale: ``demo`` or ``full``.
        effort: at demo scale the option that says how long a row trains, ``dict(minutes=15)``.
        cells: what :func:`~cyclesr.evaluation.table_runs.finished_cells` found.
    """
    title = f"Table {table}" if isinstance(table, int) else table.capitalize()
    tracks = _by_track(table, cells)
    how = "\n".join(commands(table, scale, effort, tracks))
    parts = [f"# {title} at {scale} scale", f"```\n{how}\n```", SCALES[scale], _how_to_read()]
    for kind, results in tracks.items():
        heading = f"## {kind}: {CHALLENGES[kind]} in the paper" if isinstance(table, int) else f"## {kind}"
        parts += [heading, _settings(results), _table(table, kind, results), *_orders(table, kind, results)]
    return "\n\n".join(parts) + "\n"


def _by_track(table: Table, cells: Cells) -> dict[str, Results]:
    """The results in the order of the paper's tracks, of the table's rows, and of the seeds."""
    tracks: dict[str, Results] = {}
    for kind in CHALLENGES:
        for name in rows_of(table):
            if row := [cells[key] for key in sorted(cells) if key[:2] == (kind, name)]:
                tracks.setdefault(kind, {})[name] = row
    return tracks


def commands(table: Table, scale: str, effort: dict[str, Any], tracks: dict[str, Results]) -> list[str]:
    """The commands that make all results of a page: one, unless tracks or rows differ in what was run."""
    groups: dict[tuple[tuple[str, ...], tuple[int, ...]], list[str]] = {}
    for kind, results in tracks.items():
        by_seeds: dict[tuple[int, ...], list[str]] = {}
        for name, row in results.items():
            by_seeds.setdefault(tuple(result["seed"] for result in row), []).append(name)
        for seeds, rows in by_seeds.items():
            groups.setdefault((tuple(rows), seeds), []).append(kind)
    options = ["--hr", "PHOTOGRAPHS"] if scale == "demo" else []
    options += [word for key, value in effort.items() for word in (f"--{key}", f"{value:.9g}")]
    lines = []
    for (names, seeds), kinds in groups.items():
        words = ["python", "tools/benchmark_tables.py", "--table", table, "--scale", scale, "--tracks", *kinds]
        words += ["--seeds", *seeds, *options, *(["--rows", *names] if list(names) != rows_of(table) else [])]
        lines.append(shlex.join(map(str, words)))
    return lines


def _how_to_read() -> str:
    return (
        "PSNR is in dB. A figure is the mean over the seeds; behind ± stands half the range between the lowest and the "
        "highest seed. *LR to true LR*: PSNR of the LR images that the SR network learns from against the true ones, "
        "noise apart."
    )


def _settings(results: Results) -> str:
    every = [result for row in results.values() for result in row]
    facts = {
        "Protocol": {result["protocol"] for result in every},
        "Images": {str(len(result["images"])) for result in every},
        "Hardware": {result["hardware"] for result in every},
        "torch": {result["versions"]["torch"] for result in every},
    }
    return ". ".join(f"{name}: {', '.join(sorted(values))}" for name, values in facts.items()) + "."


def _table(table: Table, kind: str, results: Results) -> str:
    bicubic = {result["seed"]: result["means"]["psnr"] for result in results.get("bicubic", [])}
    header = HEADER + PAPERS if isinstance(table, int) else HEADER
    lines = [header, "|" + "---|" * header.count(" |")]
    for name, row in results.items():
        gains = [r["means"]["psnr"] - bicubic[r["seed"]] for r in row if r["seed"] in bicubic]
        cells = [ROWS[name].title, str(len(row)), _means(row, "psnr"), _spread(gains, 2) if name != "bicubic" else ""]
        cells += [_means(row, "ssim"), _means(row, "lpips")]
        cells.append(_spread([r["degradation_psnr"] for r in row if "degradation_psnr" in r], 2))
        cells.append(_spread([r["iterations"] for r in row if r["iterations"]], 0))
        cells.append(_spread([r["minutes"] for r in row if r["minutes"] is not None], 1))
        lines.append("| " + " | ".join(cells + _papers(table, name, kind)) + " |")
    return "\n".join(lines)


def _means(row: list[dict[str, Any]], metric: str) -> str:
    return _spread([r["means"][metric] for r in row if metric in r["means"]], METRICS[metric])


def _spread(values: Sequence[float], digits: int) -> str:
    """``mean ± half the range``; the mean alone where all are equal to the last digit, nothing without values."""
    if not values:
        return ""
    mean, half = f"{statistics.fmean(values):.{digits}f}", f"{(max(values) - min(values)) / 2:.{digits}f}"
    return f"{mean} ± {half}" if float(half) else mean


def _papers(table: Table, name: str, kind: str) -> list[str]:
    if table == "pairings":
        return []
    figures = published(table, name, kind)
    return ["", "", ""] if figures is None else [f"{value:.3f}" for value in figures]


def _orders(table: Table, kind: str, results: Results) -> list[str]:
    """A paragraph a metric: the rows from the best to the worst, here and in the paper, and how many pairs agree."""
    if table == "pairings":
        return []
    paragraphs = []
    for metric in METRICS:
        ours = {n: [r["means"][metric] for r in row if metric in r["means"]] for n, row in results.items()}
        measured = {name: statistics.fmean(values) for name, values in ours.items() if values}
        cells = {name: published(table, name, kind) for name in measured}
        paper = {name: getattr(figures, metric) for name, figures in cells.items() if figures is not None}
        if len(paper) > 1:
            paragraphs.append(_order(metric, {name: measured[name] for name in paper}, paper))
    return paragraphs


def _order(metric: str, measured: dict[str, float], paper: dict[str, float]) -> str:
    better: Callable[[float], float] = (lambda value: value) if metric == "lpips" else (lambda value: -value)
    here, there = (
        " > ".join(ROWS[name].title for name in sorted(values, key=lambda name: better(values[name])))
        for values in (measured, paper)
    )
    pairs = list(combinations(paper, 2))
    agreeing = sum((measured[a] - measured[b]) * (paper[a] - paper[b]) > 0 for a, b in pairs)
    return (
        f"By {metric.upper()}, best first: {here}. In the paper: {there}. {agreeing} of {len(pairs)} pairs of methods "
        "are in the paper's order."
    )
