"""A figure over several seeds as text: its mean, its spread, and the seeds that have it."""

import statistics
from collections.abc import Collection


def spread(values: dict[int, float], digits: int, seeds: Collection[int]) -> str:
    """Returns ``mean ± half the range`` as text.

    Args:
        values: values by seed.
        digits: number of decimals.
        seeds: all seeds. If some have no value, the text lists those that have one.

    Returns:
        The text. It is only the mean if half the range rounds to zero, and empty if there are no values.
    """
    if not values:
        return ""
    lowest, highest = min(values.values()), max(values.values())
    mean, half = f"{statistics.fmean(values.values()):.{digits}f}", f"{(highest - lowest) / 2:.{digits}f}"
    figure = f"{mean} ± {half}" if float(half) else mean
    return figure if len(values) == len(seeds) else f"{figure} ({name_seeds(values)})"


def name_seeds(seeds: Collection[int]) -> str:
    """Returns ``seed 0`` or ``seeds 0, 1``."""
    return f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, sorted(seeds)))}"
