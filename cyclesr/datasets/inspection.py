"""Inspection of data folders before training: their contents and the problems that would stop a run."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from cyclesr.datasets.paired import match_hr
from cyclesr.errors import UserError
from cyclesr.images.listing import list_images, passed_over
from cyclesr.images.reading import image_size, read_image

Watch = Callable[[list[Path]], Iterable[Path]]


@dataclass
class FolderReport:
    """The result of inspecting a folder.

    Attributes:
        folder: path of the folder.
        images: paths of the images in natural order.
        sizes: (height, width) of the readable images.
        sixteen_bit: number of images with 16 bits.
        passed_over: other contents of the folder without hidden files, such as ``2 .heic`` or ``1 subfolder``.
        problems: problems, one line each.
    """

    folder: Path
    images: list[Path] = field(default_factory=list)
    sizes: dict[Path, tuple[int, int]] = field(default_factory=dict)
    sixteen_bit: int = 0
    passed_over: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def inspect_folder(
    folder: str | Path, smallest: int = 1, watch: Watch = iter, *, deep: bool = False, channels: int = 3
) -> FolderReport:
    """Decodes every image of a folder and reports problems.

    Args:
        folder: folder of images.
        smallest: minimum side of the images in pixels: the crop of training.
        watch: wraps the paths of the images, for a progress bar.
        channels: number of channels that the training expects.
        deep: whether to search for damage that decoders repair by guessing, too.
    """
    report = FolderReport(Path(folder))
    try:
        report.passed_over = passed_over(folder)
        report.images = list_images(folder)
    except UserError as error:
        report.problems.append(str(error))
    for path in watch(report.images):
        try:
            image = read_image(path, channels, strict=deep)
        except UserError as error:
            report.problems.append(str(error))
            continue
        height, width = report.sizes[path] = image.shape[:2]
        report.sixteen_bit += image.itemsize == 2
        if min(height, width) < smallest:
            report.problems.append(_too_small(path, height, width, smallest))
    return report


def look_swapped(real: FolderReport, hr: FolderReport) -> bool:
    """Returns whether the median real image has at least as many pixels as the median HR image."""
    medians = [median(height * width for height, width in r.sizes.values()) for r in (real, hr) if r.sizes]
    return len(medians) == 2 and medians[0] >= medians[1]


def problems_in_headers(paths: Iterable[str | Path], smallest: int, channels: int = 3) -> list[str]:
    """Lists the problems of images that their headers reveal, one line each. No pixels are decoded.

    Args:
        paths: paths of images.
        smallest: minimum side of the images in pixels.
        channels: number of channels that the training expects.
    """
    problems = []
    for path in paths:
        try:
            size = image_size(path, channels)
        except UserError as error:
            problems.append(str(error))
        else:
            if min(size) < smallest:
                problems.append(_too_small(path, *size, smallest))
    return problems


def _too_small(path: str | Path, height: int, width: int, smallest: int) -> str:
    return f"{path} measures {width}x{height}, less than the crop of {smallest} pixels."


def inspect_pairs(lr: FolderReport, hr: FolderReport, scale: int) -> list[str]:
    """Lists the reasons why two inspected folders do not form pairs, one line each."""
    if not (lr.images and hr.images):
        return []
    try:
        partners = match_hr(lr.images, hr.images, scale)
    except UserError as error:
        return [str(error)]
    sizes = lr.sizes | hr.sizes
    pairs = [pair for pair in zip(lr.images, partners, strict=True) if sizes.keys() >= set(pair)]
    return [problem for pair in pairs if (problem := _misfit(*pair, sizes, scale))]


def problems_of_pairs(lr: Sequence[Path], hr: Sequence[Path], scale: int, channels: int = 3) -> list[str]:
    """Lists what keeps images from being pairs, a line each, as far as their headers tell: no pixel is decoded.

    Args:
        lr: images.
        hr: the HR image of each.
        scale: of HR to LR.
        channels: number of channels that is expected.
    """
    problems = []
    for pair in zip(lr, hr, strict=True):
        try:
            sizes = {path: image_size(path, channels) for path in pair}
        except UserError as error:
            problems.append(str(error))
        else:
            problems += filter(None, [_misfit(*pair, sizes, scale)])
    return problems


def _misfit(small: Path, large: Path, sizes: Mapping[Path, tuple[int, int]], scale: int) -> str:
    """Says how two sizes do not fit; an empty string where they do."""
    (h, w), (height, width) = sizes[small], sizes[large]
    if max(abs(height - scale * h), abs(width - scale * w)) < scale:
        return ""
    larger = "is larger than" if h > height or w > width else f"is not 1/{scale} of"
    return f"{small} ({w}x{h}) {larger} its HR image {large} ({width}x{height})."
