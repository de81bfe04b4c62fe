"""Spearman's rank correlation."""

from collections.abc import Sequence

import numpy as np


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Computes Spearman's rank correlation: Pearson's correlation of the ranks, where ties have their mean rank.

    Args:
        first: n finite values.
        second: n finite values.

    Returns:
        -1 to 1; NaN for fewer than two values, or if all values of one side are equal.
    """
    ranks = np.array([_ranks(values) for values in (first, second)])
    ranks = ranks - ranks.mean(1, keepdims=True) if ranks.size else ranks
    spread = np.sqrt((ranks**2).sum(1).prod())
    return float(ranks[0] @ ranks[1] / spread) if spread > 0 else float("nan")


def _ranks(values: Sequence[float]) -> np.ndarray:
    _, index, counts = np.unique(np.asarray(values, float), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[index])
