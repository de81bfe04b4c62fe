"""The page of the benchmark on real pairs: scores, and the share of the gap between bicubic and true pairs."""

import math
import shlex
from collections.abc import Mapping
from typing import Any

from cyclesr.experiments.cells import Result
from cyclesr.experiments.pairs.cells import Key, PairBench, Source
from cyclesr.experiments.pairs.rows import PAIR_ROWS
from cyclesr.experiments.spread import spread
from cyclesr.text_tables import markdown_table

# Scores, their decimals, and whether more is better.
SCORES = {
    "psnr": ("PSNR", 2, True),
    "ssim": ("SSIM", 4, True),
    "psnr_colour": ("PSNR, colour matched", 2, True),
    "lpips": ("LPIPS", 4, False),
    "dists": ("DISTS", 4, False),
    "niqe": ("NIQE", 2, False),
}
HEADINGS = {"same": "HR of the same camera", "other": "Other HR"}
NOTHING: Result = {"means": {}}
Rows = dict[str, dict[int, Result]]  # of one source: the results of each row by seed
HOW_TO_READ = """\
PSNR is in dB; more is better for PSNR and SSIM, less for LPIPS, DISTS and NIQE. A figure is the mean over the seeds
± half the range between the lowest and the highest. If only some seeds have a figure, they are listed after it.
*Colour matched*: after the affine colour transform of each image that fits it best to HR. A name after the comma is
that of another protocol; `cyclesr` searches for the shift between SR and HR. The share of the gap is (row -
bicubic) / (SR_paired - bicubic), per seed and then averaged: 0 % is bicubic interpolation, 100 % is training on true
pairs with the same network and as many steps. There is no share if SR_paired is not better than bicubic."""


def page(bench: PairBench, results: Mapping[Key, Result]) -> str:
    """Returns the page in Markdown.

    Args:
        bench: shared settings.
        results: all finished cells.
    """
    parts = ["# Real pairs", f"```\n{_command(bench, results)}\n```", bench.describe(), _length(bench), HOW_TO_READ]
    for source in bench.sources:
        if rows := rows_of(bench, results, source):
            heading = HEADINGS[source]
            if source == "other":
                heading += ": rows that learn from HR have other scenes as HR; the rest is repeated"
            parts += [f"## {heading}", _score_table(bench, rows), "Share of the gap:", _share_table(bench, rows)]
            parts.append(_pictures(bench, rows, source))
    return "\n\n".join([*parts, _provenance(bench, results)]) + "\n"


def rows_of(bench: PairBench, results: Mapping[Key, Result], source: Source) -> Rows:
    """Returns the results to show for a source of HR, by row and seed; bicubic and true pairs are shown for both."""
    rows: Rows = {}
    for name, row in bench.rows.items():
        for (found, known, seed), result in sorted(results.items()):
            if known == name and (found == source or not row.uses_hr_folder):
                rows.setdefault(name, {})[seed] = result
    return rows if any(bench.rows[name].uses_hr_folder or source == "same" for name in rows) else {}


def share_of_gap(row: float, bicubic: float, paired: float, more_is_better: bool) -> float | None:
    """Returns the position of a score between bicubic's (0) and SR_paired's (1).

    Args:
        row: the score.
        bicubic: bicubic's score.
        paired: SR_paired's score.
        more_is_better: the direction of the score.

    Returns:
        ``None`` if SR_paired is not better than bicubic, or a score is not finite.
    """
    gap = paired - bicubic
    if not all(map(math.isfinite, (row, gap))) or (gap if more_is_better else -gap) <= 0:
        return None
    return (row - bicubic) / gap


def shares(rows: Rows, name: str, score: str, more_is_better: bool) -> dict[int, float]:
    """Returns the share of the gap that a row closes in a score, by seed; seeds without a gap are left out."""
    found = {}
    for seed, result in rows[name].items():
        bicubic, paired = (rows.get(end, {}).get(seed, NOTHING) for end in ("bicubic", "sr_paired"))
        value, worst, best = (known["means"].get(score, math.nan) for known in (result, bicubic, paired))
        if (share := share_of_gap(value, worst, best, more_is_better)) is not None:
            found[seed] = share
    return found


def _columns(bench: PairBench) -> dict[str, tuple[str, int, bool]]:
    """Returns titles, decimals and directions of all scores, including those under further protocols."""
    columns = dict(SCORES)
    for protocol in bench.protocols[1:]:
        columns |= {
            f"psnr_{protocol}": (f"PSNR, {protocol}", 2, True),
            f"ssim_{protocol}": (f"SSIM, {protocol}", 4, True),
        }
    return columns


def _shown_columns(bench: PairBench, rows: Rows) -> dict[str, tuple[str, int, bool]]:
    """Returns the columns that at least one result has."""
    present = {score for row in rows.values() for result in row.values() for score in result["means"]}
    return {score: column for score, column in _columns(bench).items() if score in present}


def _score_table(bench: PairBench, rows: Rows) -> str:
    columns = _shown_columns(bench, rows)
    head = ["method", "seeds", *(title for title, _, _ in columns.values()), "iterations", "minutes"]
    lines = []
    for name, row in rows.items():
        cells = [bench.rows[name].title, ", ".join(map(str, row))]
        for score, (_, digits, _) in columns.items():
            values = {seed: result["means"][score] for seed, result in row.items() if score in result["means"]}
            cells.append(spread(values, digits, row))
        for key, digits in (("iterations", 0), ("minutes", 1)):
            cells.append(spread({seed: result[key] for seed, result in row.items() if result[key]}, digits, row))
        lines.append(cells)
    return markdown_table(head, lines)


def _share_table(bench: PairBench, rows: Rows) -> str:
    columns = _shown_columns(bench, rows)
    lines = []
    for name, row in rows.items():
        if name in ("bicubic", "sr_paired"):
            continue
        cells = [bench.rows[name].title]
        for score, (_, _, more_is_better) in columns.items():
            percent = {seed: 100 * share for seed, share in shares(rows, name, score, more_is_better).items()}
            cells.append(f"{spread(percent, 0, row)} %" if percent else "")
        lines.append(cells)
    return markdown_table(["method", *(title for title, _, _ in columns.values())], lines)


def _length(bench: PairBench) -> str:
    if bench.minutes is None:
        return f"Every row trains until its SR network has made {bench.iterations} steps."
    return f"Every row trains for {bench.minutes:g} minutes."


def _pictures(bench: PairBench, rows: Rows, source: Source) -> str:
    seed = min(seed for row in rows.values() for seed in row)
    folder = bench.work_dir / "pictures" / f"{source}_seed{seed}"
    paths = sorted(folder.glob("*.png"))
    links = [f"![{path.stem}](pictures/{folder.name}/{path.name})" for path in paths]
    return "\n".join([f"Central crops, seed {seed}:", "", *links])


def _provenance(bench: PairBench, results: Mapping[Key, Result]) -> str:
    every = list(results.values())
    facts: dict[str, set[str]] = {
        "Protocols": set(bench.protocols),
        "Held-out images": {str(len(result["images"])) for result in every},
        "Hardware": {result["hardware"] for result in every},
        "torch": {result["versions"]["torch"] for result in every},
        "LPIPS": {result["lpips_network"]["net"] for result in every if "lpips_network" in result},
    }
    return ". ".join(f"{name}: {', '.join(sorted(values))}" for name, values in facts.items() if values) + "."


def _command(bench: PairBench, results: Mapping[Key, Result]) -> str:
    """Returns the command that makes the page, with placeholders for the folders."""
    used = {name for _, name, _ in results}
    words: list[Any] = ["cyclesr", "benchmark-pairs", "--pairs", "PAIRS"]
    words += ["--hr-other", "PHOTOGRAPHS"] if bench.hr_other else []
    words += [word for key, value in bench.effort.items() for word in (f"--{key}", f"{value:g}")]
    words += [
        "--seeds",
        *sorted({seed for _, _, seed in results}),
        "--rows",
        *(name for name in bench.rows if name in used & PAIR_ROWS.keys()),
    ]
    for name, row in bench.rows.items():
        if name in used - PAIR_ROWS.keys():
            words += ["--row", f"{name}={row.config}", *(f"{key}={value}" for key, value in row.options.items())]
    measured = {score for result in results.values() for score in result["means"]}
    words += ["--lpips-weights", "ALEXNET"] if "lpips" in measured else []
    words += ["--dists-weights", "VGG16"] if "dists" in measured else []
    return shlex.join(map(str, words))
