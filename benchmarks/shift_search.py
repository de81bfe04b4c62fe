"""Measures the speed of the search for the best shift, and its agreement with a brute-force search.

    python benchmarks/shift_search.py --json shift_search.json

The reference does what evaluation scripts do: it computes the mean squared difference of each of the (2 reach + 1)²
windows in numpy. It subtracts in float32, which is exact for 8-bit values, and sums in float64. It takes about a minute
at the default size.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from cyclesr.metrics.psnr import to_decibel
from cyclesr.metrics.shift_search import squared_errors
from cyclesr.text_tables import markdown_table


def make_pair(size: int, reach: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns a window of a noisy smooth image, with further noise, and the image.

    Returns:
        The window (size, size, 3) and the image (size + 2 reach, size + 2 reach, 3), float32 integers in [0, 255].
    """
    rng = np.random.default_rng(seed)
    coarse = torch.from_numpy(rng.random((1, 3, 64, 64)) * 255)
    full = size + 2 * reach
    smooth = torch.nn.functional.interpolate(coarse, (full, full), mode="bicubic", align_corners=False)
    searched = smooth[0].permute(1, 2, 0).numpy() + rng.normal(0, 8, (full, full, 3))
    top, left = reach + reach // 2, reach - reach // 4
    window = searched[top : top + size, left : left + size] + rng.normal(0, 5, (size, size, 3))
    return tuple(np.clip(np.rint(a), 0, 255).astype(np.float32) for a in (window, searched))  # type: ignore[return-value]


def brute_force(fixed: np.ndarray, searched: np.ndarray, reach: int) -> np.ndarray:
    """Returns the mean squared error at every shift, computed window by window."""
    height, width = fixed.shape[:2]
    errors = np.empty((2 * reach + 1, 2 * reach + 1))
    for dy in range(2 * reach + 1):
        for dx in range(2 * reach + 1):
            window = searched[dy : dy + height, dx : dx + width]
            errors[dy, dx] = np.mean((fixed - window) ** 2, dtype=np.float64)
    return errors


def measure(size: int, reach: int, repeats: int, seed: int) -> dict[str, float]:
    """Runs both searches on the same pair of images."""
    fixed, searched = make_pair(size, reach, seed)
    planes = [torch.from_numpy(a).permute(2, 0, 1).double().contiguous() for a in (fixed, searched)]
    squared_errors(*planes)  # warm-up: the first call creates the FFT plans
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        errors = squared_errors(*planes)
        times.append(time.perf_counter() - start)
    start = time.perf_counter()
    expected = brute_force(fixed, searched, reach)
    brute = time.perf_counter() - start
    decibels = [np.vectorize(to_decibel)(e) for e in (errors.numpy(), expected)]
    fast = float(np.median(times))
    return {
        "seconds_brute_force": brute,
        "seconds_fft": fast,
        "ratio": brute / fast,
        "max_error_db": float(np.abs(decibels[0] - decibels[1]).max()),
        "same_best_shift": bool(errors.numpy().argmin() == expected.argmin()),
    }


def main() -> None:
    """Runs the benchmark, prints a table and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--size", type=int, default=1000, help="side of the window in pixels (default: 1000)")
    parser.add_argument("--reach", type=int, default=40, help="largest shift in pixels (default: 40)")
    parser.add_argument("--repeats", type=int, default=5, help="number of timings of the FFT search (default: 5)")
    parser.add_argument("--threads", type=int, default=2, help="number of torch threads (default: 2)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    results = measure(args.size, args.reach, args.repeats, args.seed)
    results |= dict(size=args.size, reach=args.reach, threads=args.threads)
    times = [f"{results[f'seconds_{way}']:.3g} s" for way in ("brute_force", "fft")]
    row = [*times, f"{results['ratio']:.0f}", f"{results['max_error_db']:.1g} dB"]
    print(markdown_table(("brute force", "FFT", "times faster", "largest difference"), [row]))
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
