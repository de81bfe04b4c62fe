"""The section of the page on verdicts without ground truth, and how well they agree with the truth."""

import math
from collections.abc import Mapping

from cyclesr.experiments.cells import Result
from cyclesr.experiments.pairs.cells import Key, PairBench, Source
from cyclesr.experiments.pairs.page import HEADINGS, NOTHING, SCORES, rows_of, share_of_gap
from cyclesr.experiments.spread import spread
from cyclesr.inference.verdict import RULES, Verdict
from cyclesr.metrics.rank_correlation import rank_correlation
from cyclesr.text_tables import markdown_table

TRUTHS = ("psnr", "ssim", "lpips")
LEAST_CELLS = 3
HOW_TO_READ = """\
What `cyclesr verdict` says of each row: only the LR images of the held-out pairs are used, and the camera is measured
on the LR images for training. *Better* counts the seeds in which the row is called better than bicubic. The score is 0
for bicubic; more is better. Of the measures, more is better for the gradient at edges, less for the others."""
AGREEMENT = """\
Agreement with the truth: Spearman's rank correlation, over all rows, seeds and sources of HR, between the difference
of a measure to bicubic's and the share of the gap. 1 is perfect agreement, -1 the reverse; signs are such that a
measure that is right is positive."""


def verdict_section(bench: PairBench, results: Mapping[Key, Result]) -> str:
    """Returns the section in Markdown; empty if no result has a verdict.

    Args:
        bench: shared settings.
        results: all finished cells.
    """
    verdicts = {key: Verdict.from_dict(result["verdict"]) for key, result in results.items() if "verdict" in result}
    if not verdicts:
        return ""
    parts = ["## Without ground truth", HOW_TO_READ]
    for source in bench.sources:
        if table := _table(bench, results, source):
            parts += [f"{HEADINGS[source]}:", table]
    agreement = agreement_with_truth(results, verdicts)
    parts += [f"{AGREEMENT} {len(verdicts)} results have a verdict.", _agreement_table(agreement)] if agreement else []
    return "\n\n".join(parts) + "\n"


def _table(bench: PairBench, results: Mapping[Key, Result], source: Source) -> str:
    lines = []
    for name, row in rows_of(bench, results, source).items():
        verdicts = {s: Verdict.from_dict(result["verdict"]) for s, result in row.items() if "verdict" in result}
        if verdicts:
            better = sum(verdict.better for verdict in verdicts.values())
            scores = spread({seed: verdict.score for seed, verdict in verdicts.items()}, 2, verdicts)
            cells = [bench.rows[name].title, f"{better} of {len(verdicts)}", scores]
            lines.append([*cells, *(_spread_of(verdicts, measure) for measure in RULES)])
    units = [f"{rule.title}{f', {rule.unit}' if rule.unit else ''}" for rule in RULES.values()]
    return markdown_table(["method", "better", "score", *units], lines) if lines else ""


def _spread_of(verdicts: Mapping[int, Verdict], measure: str) -> str:
    found = {seed: one.sr for seed, verdict in verdicts.items() for one in verdict.measures if one.name == measure}
    return spread(found, 2, verdicts)


def agreement_with_truth(results: Mapping[Key, Result], verdicts: Mapping[Key, Verdict]) -> dict[str, dict[str, float]]:
    """Returns the rank correlation of each measure, and of the score, with the share of the gap in each true score.

    Args:
        results: finished cells.
        verdicts: their verdicts.

    Returns:
        Correlations by measure (a key of :data:`RULES`, or ``score``) and true score (of :data:`TRUTHS`). Those of
        fewer than three cells, and those that are undefined, are left out.
    """
    found: dict[str, dict[str, float]] = {}
    for truth in TRUTHS:
        shares = {key: share for key in verdicts if (share := _share(results, key, truth)) is not None}
        for measure in (*RULES, "score"):
            gains = {key: gain for key in shares if math.isfinite(gain := _gain(verdicts[key], measure))}
            value = rank_correlation(list(gains.values()), [shares[key] for key in gains])
            if len(gains) >= LEAST_CELLS and math.isfinite(value):
                found.setdefault(measure, {})[truth] = value
    return found


def _share(results: Mapping[Key, Result], key: Key, truth: str) -> float | None:
    ends = (results.get(("same", name, key[2]), NOTHING) for name in ("bicubic", "sr_paired"))
    row, bicubic, paired = (result["means"].get(truth, math.nan) for result in (results[key], *ends))
    return share_of_gap(row, bicubic, paired, more_is_better=SCORES[truth][2])


def _gain(verdict: Verdict, measure: str) -> float:
    """Returns how much better SR is than bicubic by a measure; NaN if it was not measured."""
    if measure == "score":
        return verdict.score
    gain = next((one.sr - one.bicubic for one in verdict.measures if one.name == measure), math.nan)
    return gain if measure == "sharpness" else -gain


def _agreement_table(agreement: Mapping[str, Mapping[str, float]]) -> str:
    titles = {name: rule.title for name, rule in RULES.items()} | {"score": "score of all"}
    lines = [
        [titles[name], *(f"{row[truth]:.2f}" if truth in row else "" for truth in TRUTHS)]
        for name, row in agreement.items()
    ]
    return markdown_table(["measure", *(SCORES[truth][0] for truth in TRUTHS)], lines)
