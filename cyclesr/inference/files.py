"""Super-resolution of image files: one file, a folder or a glob. A file that fails does not stop the others."""

import glob
import math
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from cyclesr.errors import UserError, printable
from cyclesr.images.listing import SUFFIXES, heic_hint, list_images, passed_over
from cyclesr.images.picture import check_format, write_bands
from cyclesr.images.reading import Picture, image_size, read_picture
from cyclesr.images.writing import WRITTEN, suffix_for
from cyclesr.inference.comparison_page import ComparisonPage
from cyclesr.inference.enlarge import enlarge
from cyclesr.inference.networks import load_network
from cyclesr.inference.pipeline import Pipeline, run_pipeline
from cyclesr.inference.ranks import ALONE, Ranks
from cyclesr.inference.upscale import Upscaler
from cyclesr.models.networks.image_channels import channels_of
from cyclesr.progress import PixelBar, progress_bar


@dataclass
class Report:
    """The outcome of a run over files.

    Attributes:
        written: the new files, in order.
        failed: one error message per file that failed.
        notes: what was passed over or not read, one line each.
        skipped: number of files that were there already, and were left as they are.
        pixels: number of pixels of the new images.
        seconds: time that reading, computing and writing took.
    """

    written: list[Path] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: int = 0
    pixels: int = 0
    seconds: float = 0.0

    def add(self, target: Path, error: UserError | None = None) -> None:
        """Adds a file: to ``written``, or its error to ``failed`` if there is one."""
        if error is None:
            self.written.append(target)
        else:
            self.failed.append(str(error))

    def summary(self, what: str, out: str) -> str:
        """Returns what was done: ``3 images written to out; 2 were there already``.

        Args:
            what: the images, in the singular.
            out: where they are.
        """
        written = f"{len(self.written)} {what}{'s' * (len(self.written) != 1)} written to {out}"
        there = f"; {self.skipped} {'were' if self.skipped > 1 else 'was'} there already"
        return written + there * bool(self.skipped) + (self._speed() if self.pixels else "")

    def _speed(self) -> str:
        megapixels = self.pixels / 1e6
        return f" ({megapixels:.1f} megapixels in {self.seconds:.1f} s, {megapixels / self.seconds:.2f} per second)"


def total_report(reports: Iterable[Report]) -> Report:
    """Returns the outcome of several processes as one."""
    total = Report()
    for report in reports:
        total.written += report.written
        total.failed += report.failed
        total.notes += report.notes
        total.skipped += report.skipped
        total.pixels += report.pixels
        total.seconds = max(total.seconds, report.seconds)  # they work at the same time
    return total


def infer(
    checkpoint: str,
    source: str,
    out: str,
    *,
    tile: int | str | None = "auto",
    overlap: int = 32,
    dtype: torch.dtype | None = None,
    ensemble: bool = False,
    batch: int | str = "auto",
    device: str = "auto",
    workers: int = 2,
    skip_existing: bool = False,
    ranks: Ranks = ALONE,
    compare: str | Path | None = None,
) -> Report:
    """Super-resolves files with the network of a checkpoint, and shows progress.

    PNG and TIFF results are written one row of tiles at a time, so memory does not grow with the size of the result.
    A result file is either complete or not there.

    Args:
        checkpoint: a file of weights, of cyclesr or others, see :func:`~cyclesr.inference.networks.load_network`.
        source: a file, a folder or a glob.
        out: a folder, or a file if there is one input and ``out`` ends like an image file.
        tile, overlap, dtype, ensemble, batch: see :class:`cyclesr.inference.upscale.Upscaler`.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` ...
        workers: number of threads that read images ahead, and of threads that write results. 0 reads, computes and
            writes in turn.
        skip_existing: whether result files that are there already are left as they are.
        ranks: this process among those that share the files; every process returns what all of them did.
        compare: page to write, on which results are compared with bicubic enlargement; None writes none. Of several
            processes, only the first shows its images.

    Raises:
        UserError: there is no input, two inputs would become the same file, the checkpoint or a setting is invalid, or
            the page cannot be written.
    """
    if workers < 0:
        raise UserError(f"--workers must be at least 0, found {workers}.")
    inputs = find_inputs(source)
    name_outputs(inputs, Path(out))  # mistakes show before anything is loaded
    place = choose_device(device)
    network, scale = load_network(checkpoint, place)
    targets = name_outputs(inputs, Path(out), suffix_for(channels_of(network)))
    upscaler = Upscaler(network, scale, place, tile, overlap, dtype, ensemble, batch)
    pairs, skipped = to_do(list(zip(inputs, targets, strict=True)), ranks, skip_existing)
    jobs = [Job(number, *pair) for number, pair in enumerate(pairs)]
    report = Report(notes=notes_on_folder(source) if ranks.number == 0 else [], skipped=skipped)
    page = None if compare is None or ranks.number else ComparisonPage(Path(source).name, len(jobs), scale)
    begun = time.perf_counter()
    with PixelBar([scale**2 * _pixels(job.source, upscaler.channels) for job in jobs], shown=ranks.number == 0) as bar:
        upscaling = Upscaling(upscaler, bar, page)
        for job, error in run_pipeline(jobs, upscaling, workers):
            report.add(job.target, error)
            report.notes += upscaling.notes.pop(job.number, [])
            bar.end(job.number)
    report.pixels, report.seconds = upscaling.pixels, time.perf_counter() - begun
    total = total_report(ranks.gathered(report))
    if page is not None and compare is not None:
        page.write(Path(compare))
    return total


def to_do(pairs: list[tuple[Path, Path]], ranks: Ranks, skip_existing: bool) -> tuple[list[tuple[Path, Path]], int]:
    """Returns the pairs of source and target that this process makes, and how many it skips.

    The files are shared before existing ones are skipped: processes that start at different times must agree.
    """
    own = ranks.share(pairs)
    left = [(source, target) for source, target in own if not (skip_existing and target.exists())]
    return left, len(own) - len(left)


def _pixels(path: Path, channels: int) -> int:
    """Returns the number of pixels of an image; 0 if it cannot be read, which is said when it is its turn."""
    try:
        return math.prod(image_size(path, channels))
    except UserError:
        return 0


class Job(NamedTuple):
    """One picture to super-resolve: its index, its file and the file of the result."""

    number: int
    source: Path
    target: Path


class Upscaling(Pipeline[Job, Picture, np.ndarray]):
    """Pipeline that reads, super-resolves and writes picture files.

    Args:
        upscaler: the network with its settings.
        bar: progress display.
        page: collects results for a page; None collects none.

    Attributes:
        notes: what is not read of the pictures, by the indices of the jobs.
        pixels: number of pixels that were made.
    """

    def __init__(self, upscaler: Upscaler, bar: PixelBar, page: ComparisonPage | None = None) -> None:
        self.upscaler, self.bar, self.page = upscaler, bar, page
        self.pixels = 0
        self.notes: dict[int, list[str]] = {}

    def read(self, job: Job) -> Picture:
        """Reads a picture.

        Raises:
            UserError: the picture cannot be read, or the format of the target cannot hold the result.
        """
        picture = read_picture(job.source, self.upscaler.channels)
        lost = ("has a colour profile, which .bmp files do not hold",) if _loses_profile(job.target, picture) else ()
        self.notes[job.number] = [f"{job.source} {note}." for note in picture.notes + lost]
        check_format(job.target, picture, self.upscaler.scale)
        return picture

    def make(self, job: Job, picture: Picture) -> Iterator[np.ndarray]:
        """Yields the super-resolved picture in bands of rows, and updates the progress display."""
        name = printable(job.source.name)
        self.bar.begin(name)
        bands = enlarge(picture, self.upscaler)
        try:
            for band in bands if self.page is None else self.page.watch(job.number, name, picture.pixels, bands):
                yield band
                self.pixels += math.prod(band.shape[:2])
                self.bar.advance(job.number, math.prod(band.shape[:2]))
        except UserError as error:
            raise UserError(f"{printable(job.source)}: {error}") from error

    def write(self, job: Job, picture: Picture, bands: Iterable[np.ndarray]) -> None:
        """Writes the super-resolved picture.

        Raises:
            UserError: the file cannot be written.
        """
        height, width = (self.upscaler.scale * side for side in picture.pixels.shape[:2])
        write_bands(job.target, (height, width), bands, picture.profile, alpha=picture.alpha is not None)


def _loses_profile(target: Path, picture: Picture) -> bool:
    return bool(picture.profile) and target.suffix.lower() == ".bmp"


def process_each(
    pairs: Iterable[tuple[Path, Path]], work: Callable[[Path, Path], None], total: int, shown: bool = True
) -> Report:
    """Calls ``work(source, target)`` for each pair, shows progress and the time left, and collects user errors."""
    report = Report()
    with progress_bar(shown) as progress:
        task = progress.add_task("", total=total)
        for source, target in pairs:
            progress.update(task, description=printable(source.name))
            try:
                work(source, target)
                report.add(target)
            except UserError as error:
                report.add(target, error)
            progress.advance(task)
    return report


def find_inputs(source: str) -> list[Path]:
    """Returns the images that a file name, a folder or a glob stands for.

    Raises:
        UserError: there is no image.
    """
    path = Path(source)
    if path.is_dir():
        return list_images(path)
    if path.exists():
        return [path]
    found = sorted(Path(name) for name in _matches(source))
    images = [p for p in found if p.is_file() and p.suffix.lower() in SUFFIXES]
    if not images:
        raise UserError(
            f"No image found at {source!r}: give a file, a folder of images or a glob ({' '.join(SUFFIXES)})."
            f"{heic_hint(map(str, found))}"
        )
    return images


def notes_on_folder(source: str | Path) -> list[str]:
    """Returns a line that says what of a folder is not read as images; none if ``source`` is no folder."""
    found = ", ".join(passed_over(source))
    return [f"Passed over in {source}: {found}."] if found else []


def _matches(pattern: str) -> list[str]:
    """Returns the files that match a glob.

    Brackets are taken as they are where files or folders have such names, for instance ``holiday [2020]/*.jpg``.
    Otherwise, they are classes of characters, for instance ``img[0-9].png``.
    """
    literal = glob.glob(re.sub(r"\[", "[[]", pattern), recursive=True)
    return literal or glob.glob(_with_literal_folders(pattern), recursive=True)


def _with_literal_folders(pattern: str) -> str:
    """Escapes the folders at the start of a glob that exist under the name that is written."""
    path = Path(pattern)
    existing = next((parent for parent in path.parents if parent.exists()), None)
    return pattern if existing is None else os.path.join(glob.escape(str(existing)), path.relative_to(existing))


def name_outputs(inputs: list[Path], out: Path, suffix: str = ".png") -> list[Path]:
    """Returns one target per input: ``out`` itself, or a file in the folder ``out`` with the input's name.

    Args:
        inputs: paths of the inputs.
        out: a folder, or one file.
        suffix: of the files in the folder.

    Inputs that would become the same file keep their suffixes (``a.jpg.png`` and ``a.tif.png``); if the same names are
    in several folders, all inputs keep their folders.

    Raises:
        UserError: ``out`` is one file for several inputs, two inputs would become the same file even so, or an input
            would be overwritten.
    """
    if out.suffix.lower() in WRITTEN and not out.is_dir():
        if len(inputs) > 1:
            raise UserError(f"{len(inputs)} images cannot be written to one file, {out}: give a folder.")
        targets = [out]
    else:
        targets = [out / name for name in _names(inputs, suffix)]
    first: dict[Path, Path] = {}
    for path, target in zip(inputs, targets, strict=True):
        if target in first:
            raise UserError(f"{first[target]} and {path} would both become {target}: rename one.")
        first[target] = path
    overwritten = {os.path.realpath(path) for path in inputs} & {os.path.realpath(target) for target in targets}
    if overwritten:
        raise UserError(f"The result would overwrite its input {min(overwritten)}: give another output folder.")
    return targets


def _names(inputs: list[Path], suffix: str) -> list[Path]:
    names = [Path(path.name) for path in inputs]
    if len({*names}) < len({*inputs}):  # the same name in several folders
        common = os.path.commonpath([path.absolute().parent for path in inputs])
        names = [path.absolute().relative_to(common) for path in inputs]
    count = Counter(name.with_suffix("") for name in names)
    return [name.with_name(f"{name.name if count[name.with_suffix('')] > 1 else name.stem}{suffix}") for name in names]


def choose_device(device: str) -> torch.device:
    """Returns the device of that name. ``auto`` is the GPU if there is one, else the CPU.

    Of several GPUs, ``auto`` is that of this process of torchrun, else the first.

    Raises:
        UserError: the name is not a device, the GPU does not exist, or the device does not work.
    """
    if device == "auto":
        device = f"cuda:{_local_rank() % torch.cuda.device_count()}" if torch.cuda.is_available() else "cpu"
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise UserError(f"Unknown device {device!r}: give auto, cpu, cuda or cuda:<number>.") from error
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise UserError(
            f"The device {device!r} is not available, {torch.cuda.device_count()} GPUs found: give auto or cpu."
        )
    try:
        torch.zeros(1, device=chosen).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        why = str(error).partition("\n")[0]
        raise UserError(f"The device {device!r} does not work ({why}): give auto or cpu.") from error
    return chosen


def _local_rank() -> int:
    return int(os.environ.get("LOCAL_RANK", "") or 0)
