"""The Markdown page of a table: measured figures, their spread over seeds, and the figures of the paper."""

import shlex
import statistics
from collections.abc import Callable
from itertools import combinations
from typing import Any

from cyclesr.experiments.published import CHALLENGES, published
from cyclesr.experiments.spread import name_seeds, spread
from cyclesr.experiments.tables import ROWS, Key, Table, rows_of
from cyclesr.text_tables import markdown_table

Cells = dict[Key, dict[str, Any]]
TrackResults = dict[str, list[dict[str, Any]]]  # of one track: by row, the results of all seeds
TABLE_METRICS = ("psnr", "ssim", "lpips")
OTHERS = {"degradation_psnr": 2, "iterations": 0, "minutes": 1}  # decimals of the other columns
COLUMNS = ("method", "seeds", "PSNR", "over bicubic", "SSIM", "LPIPS", "LR to true LR", "iterations", "minutes")
PAPER_COLUMNS = ("PSNR (paper)", "SSIM (paper)", "LPIPS (paper)")
SCALES = {
    "demo": (
        "Demo scale: each seed simulates its own track from photographs (`cyclesr prepare track`). Two fifths of "
        "the photographs are HR images, two fifths become real LR images of other scenes, one fifth is held out. "
        "Networks and trainings are small. Only the order of the rows can be compared with the paper, which measured "
        "on DIV2K."
    ),
    "full": "Full scale: the configs of DIV2K. The protocol of the paper's figures is unknown, see docs/evaluation.md.",
}


def page(table: Table, scale: str, effort: dict[str, Any], cells: Cells) -> str:
    """Returns the page as Markdown.

    Args:
        table: number of the paper's table, or ``pairings``.
        scale: ``demo`` or ``full``.
        effort: at demo scale, the command-line option for the length of a training, such as ``dict(minutes=15)``.
        cells: results of :func:`~cyclesr.experiments.table_runs.finished_cells`.
    """
    title = f"Table {table}" if isinstance(table, int) else table.capitalize()
    tracks = _by_track(table, cells)
    how = "\n".join(commands(table, scale, effort, tracks))
    parts = [f"# {title} at {scale} scale", f"```\n{how}\n```", SCALES[scale], _how_to_read()]
    for kind, results in tracks.items():
        heading = f"## {kind}: {CHALLENGES[kind]} in the paper" if isinstance(table, int) else f"## {kind}"
        parts += [heading, _settings(results), _table(table, kind, results), *_orders(table, kind, results)]
    return "\n\n".join(parts) + "\n"


def _by_track(table: Table, cells: Cells) -> dict[str, TrackResults]:
    """Returns the results by track and row, in the order of the paper's tracks, the table's rows and the seeds."""
    tracks: dict[str, TrackResults] = {}
    for kind in CHALLENGES:
        for name in rows_of(table):
            if row := [cells[key] for key in sorted(cells) if key[:2] == (kind, name)]:
                tracks.setdefault(kind, {})[name] = row
    return tracks


def commands(table: Table, scale: str, effort: dict[str, Any], tracks: dict[str, TrackResults]) -> list[str]:
    """Returns the commands that make all results of a page. Tracks or rows with other seeds need further commands."""
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
        words = ["cyclesr", "benchmark-tables", "--table", table, "--scale", scale, "--tracks", *kinds]
        words += ["--seeds", *seeds, *options, *(["--rows", *names] if list(names) != rows_of(table) else [])]
        words += _weights({name: [result for kind in kinds for result in tracks[kind][name]] for name in names})
        lines.append(shlex.join(map(str, words)))
    return lines


def _weights(rows: TrackResults) -> list[str]:
    """Returns the command-line options for the ImageNet weights that the rows used, with placeholders as paths."""
    lpips = any("lpips" in result["means"] for row in rows.values() for result in row)
    return ["--lpips-weights", "ALEXNET"] * lpips + ["--perceptual-weights", "VGG"] * ("cyclesrgan" in rows)


def _how_to_read() -> str:
    return (
        "PSNR is in dB. A figure is the mean over the row's seeds ± half the range between the lowest and the highest "
        "seed. If only some seeds have a figure, they are listed after it. Rows are ordered by their means over the "
        "seeds that all rows have. *LR to true LR* is the PSNR of the LR training images of the SR network against "
        "the true LR images, both without noise."
    )


def _settings(results: TrackResults) -> str:
    every = [result for row in results.values() for result in row]
    facts = {
        "Protocol": {result["protocol"] for result in every},
        "Images": {str(len(result["images"])) for result in every},
        "Hardware": {result["hardware"] for result in every},
        "torch": {result["versions"]["torch"] for result in every},
    }
    if aligned := [f"{r['pairs']['kept']} of {r['pairs']['of']} (seed {r['seed']})" for r in every if "pairs" in r]:
        facts["Pairs that SR_paired's alignment kept"] = set(aligned)
    return ". ".join(f"{name}: {', '.join(sorted(values))}" for name, values in facts.items()) + "."


def _table(table: Table, kind: str, results: TrackResults) -> str:
    bicubic = {result["seed"]: result["means"]["psnr"] for result in results.get("bicubic", [])}
    head = COLUMNS + PAPER_COLUMNS if isinstance(table, int) else COLUMNS
    lines = []
    for name, row in results.items():
        seeds = [result["seed"] for result in row]
        columns = _columns(row, bicubic if name != "bicubic" else {})
        cells = [ROWS[name].title, ", ".join(map(str, seeds))]
        cells += [spread(values, digits, seeds) for values, digits in columns]
        lines.append(cells + _papers(table, name, kind))
    return markdown_table(head, lines)


def _columns(row: list[dict[str, Any]], bicubic: dict[int, float]) -> list[tuple[dict[int, float], int]]:
    """Returns the values of each column by seed, and the number of decimals."""
    psnr, ssim, lpips = (_by_seed(row, metric) for metric in TABLE_METRICS)
    gains = {seed: value - bicubic[seed] for seed, value in psnr.items() if seed in bicubic}
    others = [({r["seed"]: r[key] for r in row if r.get(key)}, decimals) for key, decimals in OTHERS.items()]
    return [(psnr, 2), (gains, 2), (ssim, 4), (lpips, 4), *others]


def _by_seed(row: list[dict[str, Any]], metric: str) -> dict[int, float]:
    return {r["seed"]: r["means"][metric] for r in row if metric in r["means"]}


def _papers(table: Table, name: str, kind: str) -> list[str]:
    if table == "pairings":
        return []
    figures = published(table, name, kind)
    return ["", "", ""] if figures is None else [f"{value:.3f}" for value in figures]


def _orders(table: Table, kind: str, results: TrackResults) -> list[str]:
    """Returns a paragraph per metric with the order of the rows here and in the paper."""
    if table == "pairings":
        return []
    paragraphs = []
    for metric in TABLE_METRICS:
        ours = {name: values for name, row in results.items() if (values := _by_seed(row, metric))}
        cells = {name: published(table, name, kind) for name in ours}
        paper = {name: getattr(figures, metric) for name, figures in cells.items() if figures is not None}
        if len(paper) > 1:
            paragraphs.append(_order(metric, {name: ours[name] for name in paper}, paper))
    return paragraphs


def _order(metric: str, ours: dict[str, dict[int, float]], paper: dict[str, float]) -> str:
    """Describes the order of the rows here and in the paper, and counts the pairs of rows in the same order.

    Means are over the seeds that all rows have, because at demo scale each seed has its own track.
    """
    common = set.intersection(*(set(values) for values in ours.values()))
    if not common:
        return f"By {metric.upper()} the rows are not ordered: no seed is common to all of them."
    measured = {name: statistics.fmean(values[seed] for seed in common) for name, values in ours.items()}
    better: Callable[[float], float] = (lambda value: value) if metric == "lpips" else (lambda value: -value)
    here, there = (
        " > ".join(ROWS[name].title for name in sorted(values, key=lambda name: better(values[name])))
        for values in (measured, paper)
    )
    pairs = list(combinations(paper, 2))
    agreeing = sum((measured[a] - measured[b]) * (paper[a] - paper[b]) > 0 for a, b in pairs)
    return (
        f"By {metric.upper()} ({name_seeds(common)}), best first: {here}. In the paper: {there}. "
        f"{agreeing} of {len(pairs)} pairs of methods are in the paper's order."
    )
