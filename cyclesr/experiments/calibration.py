"""Search for the scoring protocol of the paper's tables: bicubic under every candidate, against the paper's figures.

The paper has nine figures of bicubic interpolation, which does not depend on any training. A protocol that gives the
same figures on all three tracks is the paper's protocol.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from torch import Tensor

from cyclesr.datasets.div2k import TRACK_ENDINGS, folder_of
from cyclesr.datasets.paired import PairedDataset
from cyclesr.degradations.imresize import imresize
from cyclesr.errors import UserError, did_you_mean
from cyclesr.experiments.published import CHALLENGES, TABLE_1
from cyclesr.images.tensors import to_array, to_tensor
from cyclesr.inference.evaluate import versions
from cyclesr.inference.evaluation_report import check_place, strict_json
from cyclesr.metrics.lpips import load_lpips
from cyclesr.metrics.protocols import PROTOCOLS, Protocol, get_protocol
from cyclesr.metrics.quality import Scores, mean_scores
from cyclesr.plugins import load_plugins
from cyclesr.text_tables import markdown_table
from cyclesr.workers import in_processes

SCALE = 4
TABLE_DIGITS = {"psnr": 3, "ssim": 3, "lpips": 3}  # decimals of each metric, as in Table 1
PAPER: dict[str, Scores] = {CHALLENGES[track]: cell._asdict() for track, cell in TABLE_1["bicubic"].items()}


def _matlab(lr: Tensor) -> Tensor:
    return imresize(lr.double(), SCALE)


def _pil(lr: Tensor) -> Tensor:
    size = (lr.shape[-1] * SCALE, lr.shape[-2] * SCALE)
    return to_tensor(np.asarray(Image.fromarray(to_array(lr)).resize(size, Image.Resampling.BICUBIC)))


def _cv2(lr: Tensor) -> Tensor:
    return to_tensor(cv2.resize(to_array(lr), None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC))


BICUBICS: dict[str, Callable[[Tensor], Tensor]] = {"matlab": _matlab, "pil": _pil, "cv2": _cv2}


@dataclass(frozen=True)
class CalibrationRow:
    """The scores of one implementation of bicubic interpolation under one protocol.

    Attributes:
        bicubic: a key of :data:`BICUBICS`.
        protocol: protocol of the scores.
        tracks: mean scores by track.
    """

    bicubic: str
    protocol: Protocol
    tracks: dict[str, Scores]

    @property
    def distance(self) -> float:
        """Returns the mean absolute difference to the paper's PSNR over the tracks, in dB."""
        differences = [abs(means["psnr"] - PAPER[track]["psnr"]) for track, means in self.tracks.items()]
        return sum(differences) / len(differences)


@dataclass(frozen=True)
class _Job:
    dataset: PairedDataset
    index: int
    protocols: tuple[Protocol, ...]
    bicubics: tuple[str, ...]
    lpips: bool
    lpips_weights: str | None


def candidates(scale: int = SCALE) -> dict[str, Protocol]:
    """Returns every registered protocol and its variants, by name.

    A protocol on RGB has a variant on Y (``_y``). A protocol with a brightness gain has a variant without it
    (``_nogain``).
    """
    load_plugins()
    found = {name: get_protocol(name, scale) for name in sorted(PROTOCOLS)}
    for name, protocol in list(found.items()):
        if protocol.luma is None and f"{name}_y" not in found:
            found[f"{name}_y"] = _variant(protocol, "y", "on BT.601 Y", luma="float")
    for name, protocol in list(found.items()):
        if protocol.shift is not None and protocol.shift.gain:
            shift = replace(protocol.shift, gain=False)
            found[f"{name}_nogain"] = _variant(protocol, "nogain", "without brightness gain", shift=shift)
    return found


def _variant(protocol: Protocol, ending: str, what: str, **changes: Any) -> Protocol:
    return replace(protocol, name=f"{protocol.name}_{ending}", source=f"{protocol.source}; {what}", **changes)


def calibrate(
    data: str | Path,
    protocols: Sequence[str] | None = None,
    bicubics: Sequence[str] = ("matlab",),
    *,
    images: int | None = None,
    lpips_weights: str | None = None,
    workers: int = 1,
    watch: Callable[[Iterable[Any], int], Iterable[Any]] = lambda items, total: items,
) -> tuple[list[CalibrationRow], dict[str, int]]:
    """Scores bicubic interpolation on the validation sets of DIV2K that are present.

    Args:
        data: folder with ``DIV2K_valid_HR``, ``DIV2K_valid_LR_unknown/X4``, ``DIV2K_valid_LR_mild`` ...
        protocols: names of :func:`candidates`. ``None`` takes all.
        bicubics: keys of :data:`BICUBICS`.
        images: number of images per track, from the first on. ``None`` takes all. The mean of a few images says
            little, because images differ by several dB.
        lpips_weights: see :func:`~cyclesr.metrics.lpips.load_lpips`. Without weights, LPIPS is not computed.
        workers: number of processes.
        watch: wraps an iterable of known length, to show progress.

    Returns:
        The rows, ordered by their distance to the paper's PSNR, and the number of images by track.

    Raises:
        UserError: there is no track, a protocol or bicubic is unknown, or an image is too small for a protocol.
    """
    chosen = tuple(_look_up(name, candidates(), "protocol") for name in protocols or candidates())
    for name in bicubics:
        _look_up(name, BICUBICS, "bicubic")
    sets = find_tracks(data)
    measured = load_lpips("alex", lpips_weights) is not None
    owners, jobs = [], []
    for track, dataset in sets.items():
        for index in range(min(len(dataset), images or len(dataset))):
            owners.append(track)
            jobs.append(_Job(dataset, index, chosen, tuple(bicubics), measured, lpips_weights))
    scores = list(watch(in_processes(_score, jobs, workers), len(jobs)))
    rows = [
        CalibrationRow(
            bicubic, protocol, {track: _means(scores, owners, track, (bicubic, protocol.name)) for track in sets}
        )
        for bicubic in bicubics
        for protocol in chosen
    ]
    return sorted(rows, key=lambda row: row.distance), {track: owners.count(track) for track in sets}


def find_tracks(data: str | Path) -> dict[str, PairedDataset]:
    """Returns the validation sets of the paper's tracks in a DIV2K folder, by track.

    Raises:
        UserError: the folder holds none.
    """
    hr = Path(data) / "DIV2K_valid_HR"
    folders = {
        track: Path(data) / folder_of(f"DIV2K_valid_LR_{TRACK_ENDINGS[track].format(scale=SCALE)}") for track in PAPER
    }
    present = {track: folder for track, folder in folders.items() if folder.is_dir()}
    if not (hr.is_dir() and present):
        expected = ", ".join(str(folder.relative_to(data)) for folder in folders.values())
        raise UserError(
            f"{data} holds no validation set of DIV2K: expected DIV2K_valid_HR and any of {expected}. "
            "'cyclesr prepare div2k' fetches them."
        )
    return {track: PairedDataset(folder, hr, SCALE, cache=None) for track, folder in present.items()}


def _look_up(name: str, known: dict[str, Any], what: str) -> Any:
    if name not in known:
        raise UserError(f"Unknown {what} {name!r}.{did_you_mean(name, known)} Choose from {', '.join(known)}.")
    return known[name]


def _score(job: _Job) -> dict[tuple[str, str], Scores]:
    item = job.dataset[job.index]
    lr, hr = item["lr"], item["hr"]
    assert isinstance(lr, Tensor)
    assert isinstance(hr, Tensor)
    lpips = load_lpips("alex", job.lpips_weights) if job.lpips else None
    scores = {}
    for name in job.bicubics:
        sr = BICUBICS[name](lr)
        for protocol in job.protocols:
            try:
                scores[name, protocol.name] = protocol.score(sr, hr, lpips)
            except UserError as error:
                raise UserError(f"{item['lr_path']}, protocol {protocol.name}: {error}") from error
    return scores


def _means(scores: list[dict[tuple[str, str], Scores]], owners: list[str], track: str, key: tuple[str, str]) -> Scores:
    return mean_scores([found[key] for found, owner in zip(scores, owners, strict=True) if owner == track])


def markdown(rows: Sequence[CalibrationRow], images: dict[str, int]) -> str:
    """Returns a Markdown table of the paper's figures and of each candidate's: PSNR / SSIM / LPIPS per track."""
    head = ["bicubic", "protocol", "off by, dB", *(f"{track} ({count} images)" for track, count in images.items())]
    lines = [["**paper**", "**unknown**", "", *(_cell(PAPER[track]) for track in images)]]
    for row in rows:
        cells = [_cell(row.tracks[track]) for track in images]
        lines.append([row.bicubic, row.protocol.name, f"{row.distance:.3f}", *cells])
    return markdown_table(head, lines) + "\n"


def _cell(means: Scores) -> str:
    return " / ".join(f"{means[name]:.{digits}f}" for name, digits in TABLE_DIGITS.items() if name in means)


def as_dict(rows: Sequence[CalibrationRow], images: dict[str, int]) -> dict[str, Any]:
    """Returns the content of the JSON file. ``difference`` is our figure minus the paper's."""
    listed = [
        {
            "bicubic": row.bicubic,
            "protocol": row.protocol.name,
            "protocol_source": row.protocol.source,
            "mean_psnr_distance": row.distance,
            "tracks": {track: {"means": m, "difference": _difference(track, m)} for track, m in row.tracks.items()},
        }
        for row in rows
    ]
    return {"paper": {track: PAPER[track] for track in images}, "images": images, "rows": listed, **versions()}


def _difference(track: str, means: Scores) -> Scores:
    return {name: means[name] - figure for name, figure in PAPER[track].items() if name in means}


def write_table(path: str | Path, rows: Sequence[CalibrationRow], images: dict[str, int]) -> list[Path]:
    """Writes the results to ``path`` (.json), and as a Markdown table beside it.

    Returns:
        The two paths.

    Raises:
        UserError: as for :func:`~cyclesr.inference.evaluation_report.check_place`, or the disk is full.
    """
    files = [check_place(path), Path(path).with_suffix(".md")]
    try:
        files[0].write_text(strict_json(as_dict(rows, images)), encoding="utf-8")
        files[1].write_text(markdown(rows, images), encoding="utf-8")
    except OSError as error:
        raise UserError(f"The table {path} cannot be written: {error.strerror}.") from error
    return files
