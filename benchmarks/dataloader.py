"""Random crops out of the decode-once cache against decoding PNG sub-images: crops per second, in one run.

    python benchmarks/dataloader.py --json dataloader.json

The reference is what the released code and most trainings do: photographs are cut into sub-images beforehand, and each
crop decodes a PNG file of 480x480 and one of 120x120. Ours crops the whole photographs of the cache; the first pass,
which fills it, is timed apart. One process, batches as the training has them, float32 tensors at the end.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from torch.utils.data import default_collate

from cyclesr.datasets.images import list_images, read_image, to_tensor, write_image
from cyclesr.datasets.unpaired import UnpairedDataset


def photograph(height: int, width: int, seed: int) -> np.ndarray:
    """(H, W, 3) uint8: smooth, with fine noise, so that PNG has about as much to decode as in a photograph."""
    rng = np.random.default_rng(seed)
    smooth = cv2.resize(rng.random((12, 16, 3)) * 255, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(smooth + rng.normal(0, 4, smooth.shape), 0, 255).astype(np.uint8)


def make_folders(root: Path, number: int, height: int, width: int, crop: int) -> None:
    """``hr`` and ``real`` photographs, and their sub-images in ``hr_sub`` and ``real_sub``."""
    for i in range(number):
        hr, real = photograph(height, width, i), photograph(height // 4, width // 4, i + number)
        for name, image, side in (("hr", hr, 4 * crop), ("real", real, crop)):
            write_image(root / name / f"{i:04d}.png", image)
            for top in range(0, image.shape[0] - side + 1, side):
                part = np.ascontiguousarray(image[top : top + side, :side])
                write_image(root / f"{name}_sub" / f"{i:04d}_{top}.png", part)


def crops_per_second(item: Callable[[int], Any], batch: int, wanted: float) -> float:
    """Items per second, in batches, over at least the wanted time."""
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < wanted:
        default_collate([item(done + i) for i in range(batch)])
        done += batch
    return done / (time.perf_counter() - start)


def measure(root: Path, args: argparse.Namespace) -> dict[str, float]:
    """Times both on the same photographs."""
    make_folders(root, args.images, args.height, args.width, args.crop)
    hr, real = list_images(root / "hr_sub"), list_images(root / "real_sub")
    dataset = UnpairedDataset(root / "hr", root / "real", args.crop, 4, augment=False, cache=root / "cache")

    def decode(index: int) -> dict[str, Any]:
        return {key: to_tensor(read_image(p[index % len(p)])) for key, p in (("hr", hr), ("real", real))}

    start = time.perf_counter()
    for path in [*dataset.hr_paths, *dataset.real_paths]:
        dataset._cache.open(path)
    filled = time.perf_counter() - start
    ours = crops_per_second(dataset.__getitem__, args.batch, args.seconds)
    reference = crops_per_second(decode, args.batch, args.seconds)
    return dict(ratio=ours / reference, ours=ours, reference=reference, seconds_to_fill=filled)


def main() -> None:
    """Measures, prints a table, writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--images", type=int, default=20, help="photographs of each kind (default: 20)")
    parser.add_argument("--height", type=int, default=1440, help="of an HR photograph (default: 1440)")
    parser.add_argument("--width", type=int, default=2040, help="of an HR photograph (default: 2040)")
    parser.add_argument("--crop", type=int, default=120, help="side of an LR crop (default: 120, HR 480)")
    parser.add_argument("--batch", type=int, default=16, help="crops in a batch (default: 16)")
    parser.add_argument("--seconds", type=float, default=5.0, help="that each is timed for (default: 5)")
    parser.add_argument("--step-seconds", type=float, help="of a training step with this batch, to compare with")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        results = measure(Path(root), args)
    if args.step_seconds:
        results["share_of_step"] = args.batch / results["ours"] / args.step_seconds
    print("| crops per second | cache | PNG sub-images | times faster |\n|---|---|---|---|")
    print(f"| HR {4 * args.crop}, LR {args.crop} | {results['ours']:.0f} | {results['reference']:.0f} |", end=" ")
    print(f"{results['ratio']:.1f} |")
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
