"""Aligns LR and HR images that a blur has shifted against each other (Sec. 4.2, the preprocessing of SR_paired).

The shift is measured at HR size, on luma, with the LR image upscaled bicubically. The best integer shift is found by
exhaustive search and refined to a fraction of a pixel by ECC (Evangelidis and Psarakis 2008). Both images are blurred
first, which suppresses noise and differences in the shape of the blur. For ECC, the HR image is then blurred as much as
the LR image and shading is removed from both, because in an image with only a smooth ramp, a difference in sharpness
looks like a shift.

The HR image is shifted, because resampling the LR image would change the degradation to be learnt.

Differs from the paper: it does not state how its authors aligned their pairs.
"""

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch

from cyclesr.atomic_write import write_whole_text
from cyclesr.datasets.paired import match_hr
from cyclesr.datasets.simulation import refuse_other_images
from cyclesr.degradations.imresize import imresize
from cyclesr.errors import UserError
from cyclesr.images.listing import by_stem, list_images
from cyclesr.images.reading import read_image
from cyclesr.images.tensors import to_tensor
from cyclesr.images.writing import write_image
from cyclesr.metrics.shift_search import best_shift
from cyclesr.workers import in_processes

TAPS = 4  # taps of the windowed sinc on each side
SMALLEST = 16  # minimum side, in HR pixels, of an area on which a shift can be measured
# In LR pixels: blur of both images, candidates for the additional blur of HR (the best fit is used), and shading.
BLUR, MORE_BLUR, SHADING = 1.0, (0.0, 0.375, 0.625, 0.875), 4.0
Watch = Callable[[Iterable[Any], int], Iterable[Any]]


@dataclass(frozen=True)
class Limits:
    """Limits for aligned pairs. A pair outside the limits is dropped.

    Attributes:
        shift: maximum shift in HR pixels along each axis, also the range of the search.
        correlation: minimum correlation of the aligned images, blurred and without shading (the ECC coefficient).
        residual: maximum shift in HR pixels that is measured between the images after alignment.
    """

    shift: int = 40
    correlation: float = 0.9
    residual: float = 0.25


class Measured(NamedTuple):
    """Measurements of two images, see :class:`Alignment`."""

    dy: float
    dx: float
    correlation: float
    residual: float


@dataclass(frozen=True)
class Alignment:
    """The result for a pair.

    Attributes:
        lr: file name of the LR image.
        hr: file name of the HR image.
        dy: shift of the content of the LR image against the HR image, in HR pixels; positive is down.
        dx: the same along the other axis; positive is to the right.
        correlation: correlation of the aligned images, blurred and without shading; at most 1.
        residual: length of the shift that is measured after alignment, in HR pixels.
        dropped: reason why the pair was dropped, or an empty string.
    """

    lr: str
    hr: str
    dy: float = 0.0
    dx: float = 0.0
    correlation: float = 0.0
    residual: float = 0.0
    dropped: str = ""


@dataclass(frozen=True)
class _Job:
    lr: Path
    hr: Path
    out: Path
    scale: int
    limits: Limits


class NotAligned(Exception):  # noqa: N818 (not an error, but the reason why a pair is dropped)
    """Two images cannot be aligned by a shift within the limits."""


def align_folders(
    lr: str | Path,
    hr: str | Path,
    out: str | Path,
    scale: int = 4,
    limits: Limits | None = None,
    *,
    workers: int = 1,
    watch: Watch = lambda items, total: items,
) -> list[Alignment]:
    """Aligns pairs and writes them to ``out/lr`` and ``out/hr``, as PNG files with equal names.

    The LR images are only cropped. Each gets its own HR image of ``scale`` times its size. ``out/alignment.json`` lists
    the results of all pairs.

    Args:
        lr: folder of LR images.
        hr: folder of their HR images, named as for :class:`~cyclesr.datasets.paired.PairedDataset`.
        out: folder of the aligned pairs.
        scale: HR size / LR size.
        limits: limits for pairs; None uses the defaults.
        workers: number of processes.
        watch: wraps the results, and takes their number, for a progress bar.

    Returns:
        The result of each pair, in the order of the LR images.

    Raises:
        UserError: a folder is missing, LR images have no HR image, two have the same name, ``out`` contains other
            images, or all pairs were dropped, as those are whose images cannot be read.
    """
    lr_paths = list_images(lr)
    hr_paths = match_hr(lr_paths, list_images(hr), scale)
    by_stem(lr_paths)
    out = Path(out)
    for part in ("lr", "hr"):
        refuse_other_images(out / part, [f"{path.stem}.png" for path in lr_paths])
    pairs = zip(lr_paths, hr_paths, strict=True)
    jobs = [_Job(small, large, out, scale, limits or Limits()) for small, large in pairs]
    found = list(watch(in_processes(_align_files, jobs, workers), len(jobs)))
    if all(alignment.dropped for alignment in found):
        raise UserError(
            f"None of the {len(found)} pairs could be aligned, the first because of: {found[0].dropped}. Check the "
            "folders and the scale, or relax the limits."
        )
    report = dict(scale=scale, limits=asdict(limits or Limits()), pairs=[asdict(alignment) for alignment in found])
    write_whole_text(out / "alignment.json", json.dumps(report, indent=1) + "\n")
    return found


def _align_files(job: _Job) -> Alignment:
    """Aligns a pair of files and writes it. If the pair is dropped, its images from an earlier run are removed."""
    targets = [job.out / part / f"{job.lr.stem}.png" for part in ("lr", "hr")]
    try:
        lr, hr, measured = align(read_image(job.lr), read_image(job.hr), job.scale, job.limits)
    except (NotAligned, UserError) as reason:
        for target in targets:
            target.unlink(missing_ok=True)
        return Alignment(job.lr.name, job.hr.name, dropped=str(reason))
    for target, image in zip(targets, (lr, hr), strict=True):
        write_image(target, image)
    return Alignment(job.lr.name, job.hr.name, *measured)


def align(
    lr: np.ndarray, hr: np.ndarray, scale: int, limits: Limits | None = None
) -> tuple[np.ndarray, np.ndarray, Measured]:
    """Shifts an HR image to match its LR image.

    Args:
        lr: ``(h, w, 3)`` in uint8 or uint16.
        hr: about ``(scale * h, scale * w, 3)`` in uint8 or uint16.
        scale: HR size / LR size.
        limits: limits for the pair; None uses the defaults.

    Returns:
        The cropped LR image ``(h', w', 3)``, the matching HR image ``(scale * h', scale * w', 3)`` and the
        measurements.

    Raises:
        NotAligned: the pair is outside the limits.
    """
    limits = limits or Limits()
    height, width = (min(a, b // scale) for a, b in zip(lr.shape[:2], hr.shape[:2], strict=True))
    lr, hr = lr[:height, :width], hr[: height * scale, : width * scale]
    dy, dx, correlation = find_shift(lr, hr, scale, limits.shift)
    if correlation < limits.correlation:
        raise NotAligned(f"correlation {correlation:.3f} below {limits.correlation:g}")
    lr, hr = _moved(lr, hr, dy, dx, scale)
    residual = math.hypot(*_refine(*_blurred_luma(lr, hr, scale), (0, 0), 2 * scale, scale)[:2])
    if residual > limits.residual:
        raise NotAligned(f"residual {residual:.2f} px above {limits.residual:g}")
    return lr, hr, Measured(dy, dx, correlation, residual)


def find_shift(lr: np.ndarray, hr: np.ndarray, scale: int, reach: int = 40) -> tuple[float, float, float]:
    """Measures the shift of the content of ``lr`` against ``hr``.

    Args:
        lr: ``(h, w, 3)`` in uint8 or uint16.
        hr: ``(scale * h, scale * w, 3)`` in uint8 or uint16.
        scale: HR size / LR size.
        reach: maximum shift in HR pixels, at least 1.

    Returns:
        (dy, dx, correlation) with the shift in HR pixels; positive is down and to the right.

    Raises:
        UserError: ``reach`` is below 1.
        NotAligned: the images are too small or flat, the best shift is not within ``reach``, or ECC does not converge.
    """
    if reach < 1:
        raise UserError(f"The maximum shift must be at least 1 HR pixel, found {reach}.")
    small, large = _blurred_luma(lr, hr, scale)
    if min(large.shape) <= 2 * reach + SMALLEST:
        raise NotAligned(f"an HR image of {large.shape[0]}x{large.shape[1]} is too small for shifts of {reach} px")
    inner = small[reach:-reach, reach:-reach]
    best = best_shift(*(torch.from_numpy(x[None].astype(np.float64)) * 255 for x in (inner, large)))
    if max(abs(best.dy), abs(best.dx)) >= reach:
        raise NotAligned(f"no best shift within {reach} px")
    y, x, correlation = _refine(small, large, (-best.dy, -best.dx), reach, scale)
    if max(abs(y), abs(x)) > reach:
        raise NotAligned(f"no best shift within {reach} px")
    return y, x, correlation


def _refine(
    small: np.ndarray, large: np.ndarray, start: tuple[int, int], margin: int, scale: int
) -> tuple[float, float, float]:
    """Refines an approximate shift with ECC, without ``margin`` pixels of ``small`` on every side.

    Near the borders, a blurred and shifted image depends on how its degradation padded HR, which would bias the shift.
    """
    detail = _without_shading(small, scale)[margin : small.shape[0] - margin, margin : small.shape[1] - margin]
    found = []
    for more in MORE_BLUR:
        other = _without_shading(_gaussian(large, more * scale) if more else large, scale)
        # ECC's translation t satisfies other(x + t) = detail(x): the negative of our shift, plus the margin.
        correlation, y, x = _ecc(detail, other, (margin - start[0], margin - start[1]))
        found.append((correlation, margin - y, margin - x))
    correlation, dy, dx = max(found)
    return dy, dx, correlation


def _ecc(fixed: np.ndarray, searched: np.ndarray, start: tuple[int, int]) -> tuple[float, float, float]:
    """Returns (correlation, y, x) with the position of ``fixed`` in ``searched``."""
    warp = np.array([[1, 0, start[1]], [0, 1, start[0]]], np.float32)
    everywhere = np.ones_like(searched, np.uint8)
    until = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 200, 1e-7)
    try:
        correlation, found = cv2.findTransformECC(
            np.ascontiguousarray(fixed), searched, warp, cv2.MOTION_TRANSLATION, until, everywhere, 1
        )
    except cv2.error as error:
        raise NotAligned("ECC does not converge") from error
    translation = np.asarray(found)[:, 2]
    if not np.isfinite(translation).all():
        raise NotAligned("ECC does not converge")
    return float(correlation), float(translation[1]), float(translation[0])


def _gaussian(plane: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(plane, (0, 0), sigma)


def _without_shading(plane: np.ndarray, scale: int) -> np.ndarray:
    return plane - _gaussian(plane, SHADING * scale)


def _blurred_luma(lr: np.ndarray, hr: np.ndarray, scale: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the blurred luma of both images at HR size, ``(H, W)`` float32 in [0, 1]."""
    enlarged = imresize(to_tensor(lr), size=(hr.shape[0], hr.shape[1]))
    planes = (enlarged.permute(1, 2, 0).numpy(), to_tensor(hr).permute(1, 2, 0).numpy())
    luma = [cv2.cvtColor(np.ascontiguousarray(plane), cv2.COLOR_RGB2GRAY) for plane in planes]
    return tuple(_gaussian(plane, BLUR * scale) for plane in luma)  # type: ignore[return-value]


def _moved(lr: np.ndarray, hr: np.ndarray, dy: float, dx: float, scale: int) -> tuple[np.ndarray, np.ndarray]:
    """Shifts HR by (dy, dx) and crops both images to the part that needs no pixels beyond the borders."""
    rows, columns = (_kept(d, n, scale) for d, n in zip((dy, dx), lr.shape[:2], strict=True))
    if min(len(rows), len(columns)) * scale < 4 * scale + SMALLEST:
        raise NotAligned("the overlap of the images is too small")
    moved = hr.astype(np.float64)
    for axis, (shift, kept) in enumerate(((dy, rows), (dx, columns))):
        moved = _resampled(moved, shift, kept.start * scale, len(kept) * scale, axis)
    white = np.iinfo(hr.dtype).max
    image = np.floor(moved.clip(0, white) + 0.5).astype(hr.dtype)
    return lr[rows.start : rows.stop, columns.start : columns.stop], image


def _kept(shift: float, length: int, scale: int) -> range:
    """Returns the LR pixels along an axis whose shifted HR pixels need no pixels beyond the borders."""
    start = math.ceil(max(0.0, shift + TAPS) / scale)
    stop = length - math.ceil(max(0.0, TAPS - shift) / scale)
    return range(start, max(start, stop))


def _resampled(image: np.ndarray, shift: float, start: int, length: int, axis: int) -> np.ndarray:
    """Shifts an image with a Lanczos-windowed sinc and returns ``length`` samples, starting at ``start``."""
    whole = math.floor(-shift)
    fraction = -shift - whole
    taps = np.arange(1 - TAPS, TAPS + 1)
    weights = np.sinc(taps - fraction) * np.sinc((taps - fraction) / TAPS)
    weights /= weights.sum()
    parts = [
        weight * np.take(image, np.arange(start + whole + tap, start + whole + tap + length), axis)
        for tap, weight in zip(taps, weights, strict=True)
        if weight
    ]
    return np.sum(parts, axis=0)
