"""A look at data folders before training: what is there, and what would stop a run."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cyclesr.datasets.images import list_images, read_image
from cyclesr.datasets.paired import match_hr
from cyclesr.errors import UserError

Watch = Callable[[list[Path]], Iterable[Path]]


@dataclass
class FolderReport:
    """One folder: its images, the sizes (height, width) of the readable ones, and what is wrong, a line each."""

    folder: Path
    images: list[Path] = field(default_factory=list)
    sizes: dict[Path, tuple[int, int]] = field(default_factory=dict)
    sixteen_bit: int = 0
    problems: list[str] = field(default_factory=list)


def inspect_folder(folder: str | Path, smallest: int = 1, watch: Watch = iter) -> FolderReport:
    """Decodes every image of a folder.

    Args:
        folder: of images.
        smallest: side that each image must have, pixels: the crop of training.
        watch: wraps the paths while they are worked on, for a progress bar.
    """
    report = FolderReport(Path(folder))
    try:
        report.images = list_images(folder)
    except UserError as error:
        report.problems.append(str(error))
    for path in watch(report.images):
        try:
            image = read_image(path)
        except UserError as error:
            report.problems.append(str(error))
            continue
        height, width = report.sizes[path] = image.shape[:2]
        report.sixteen_bit += image.itemsize == 2
        if min(height, width) < smallest:
            report.problems.append(f"{path} measures {height}x{width}, less than the crop of {smallest} pixels.")
    return report


def inspect_pairs(lr: FolderReport, hr: FolderReport, scale: int) -> list[str]:
    """What keeps two inspected folders from being pairs, a line each."""
    if not (lr.images and hr.images):
        return []
    try:
        partners = match_hr(lr.images, hr.images, scale)
    except UserError as error:
        return [str(error)]
    problems = []
    for small, large in zip(lr.images, partners, strict=True):
        if small in lr.sizes and large in hr.sizes:
            (h, w), (height, width) = lr.sizes[small], hr.sizes[large]
            if max(abs(height - scale * h), abs(width - scale * w)) >= scale:
                larger = "is larger than" if h > height or w > width else f"is not 1/{scale} of"
                problems.append(f"{small} ({h}x{w}) {larger} its HR image {large} ({height}x{width}).")
    return problems
