"""Measures folders of images and gathers what was found."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

from cyclesr.degradations.camera import CameraMeasurement, measure_files
from cyclesr.degradations.camera.enlargement import Enlargement, find_enlargement
from cyclesr.degradations.camera.groups import ImageGroup, group_images, look_alike
from cyclesr.degradations.camera.sharpness import Sharpness, SharpnessComparison, sharpness
from cyclesr.degradations.camera.summary import (
    CompressionSummary,
    NoiseSummary,
    summarise_compression,
    summarise_noise,
)
from cyclesr.errors import UserError
from cyclesr.images.bands import channels_of_folders
from cyclesr.images.listing import list_images
from cyclesr.images.reading import image_size

_MOST = 64  # images that are measured of a larger folder, evenly spread over it
_MOST_HR = 32
_SMALLEST = 64  # side in pixels; smaller images hardly have edges
_FEW = 5  # images: fewer give rough figures

Watch = Callable[[list[Path]], Iterable[Path]]


@dataclass(frozen=True)
class FolderMeasurement:
    """Measurement of a folder.

    Attributes:
        folder: path of the folder.
        found: number of images in it; of a large folder, only some are measured.
        camera: measurements of the images.
        passed_over: one line for each image that is unreadable or too small.
    """

    folder: Path
    found: int
    camera: CameraMeasurement
    passed_over: tuple[str, ...]

    @cached_property
    def sharpness(self) -> Sharpness:
        """Returns what the MTF says."""
        return sharpness(self.camera)

    @cached_property
    def noise(self) -> NoiseSummary | None:
        """Returns the noise; None if no image has flat patches."""
        return summarise_noise(self.camera)

    @cached_property
    def compression(self) -> CompressionSummary:
        """Returns how the images are compressed."""
        return summarise_compression(self.camera)

    @cached_property
    def groups(self) -> tuple[ImageGroup, ...]:
        """Returns the groups of cameras or settings; one if the images do not fall apart."""
        return group_images(self.camera)

    @cached_property
    def enlargement(self) -> Enlargement:
        """Returns whether the images were enlarged before."""
        return find_enlargement(self.camera, self.sharpness)

    @property
    def few(self) -> bool:
        """Returns whether there are so few images that the figures are rough."""
        return len(self.camera.images) < _FEW

    @property
    def pixels(self) -> float:
        """Returns the median number of pixels of an image."""
        return median(image.height * image.width for image in self.camera.images)

    def names(self, group: ImageGroup) -> list[str]:
        """Returns the names of the files of a group."""
        return [self.camera.images[index].name for index in group.indices]

    def to_dict(self) -> dict[str, Any]:
        """Returns plain lists, numbers and strings, for JSON."""
        return dict(
            folder=str(self.folder),
            found=self.found,
            passed_over=list(self.passed_over),
            mtf=self.camera.mtf.tolist(),
            mtf_spread=self.camera.spread.tolist(),
            sharpness=asdict(self.sharpness),
            noise=self.noise and asdict(self.noise),
            compression=asdict(self.compression),
            enlargement=asdict(self.enlargement),
            groups=[dict(files=self.names(group), differs_in=list(group.differs_in)) for group in self.groups],
            **self.camera.to_dict(),
        )


@dataclass(frozen=True)
class HRMeasurement:
    """Measurement of the HR images, and their comparison with the real images.

    Attributes:
        whole: measurement of the HR images as they are.
        reduced: their sharpness after reduction by the scale; only edges are measured.
        comparison: of the reduced HR images with the real images.
        same_camera: whether the HR images, as they are, look like images of the camera that took the real ones.
        not_larger: whether the median HR image has no more pixels than the median real image.
    """

    whole: FolderMeasurement
    reduced: CameraMeasurement
    comparison: SharpnessComparison
    same_camera: bool
    not_larger: bool

    @property
    def swapped(self) -> bool:
        """Returns whether the two folders seem to be swapped: the HR images are neither larger nor sharper."""
        return self.not_larger and self.comparison.verdict == "softer"

    def to_dict(self) -> dict[str, Any]:
        """Returns plain lists, numbers and strings, for JSON."""
        return dict(
            verdict=self.comparison.verdict,
            swapped=self.swapped,
            same_camera=self.same_camera,
            not_larger=self.not_larger,
            reduced=dict(mtf=self.reduced.mtf.tolist(), sharpness=asdict(self.comparison.sharp)),
            whole=self.whole.to_dict(),
        )


@dataclass(frozen=True)
class MeasurementReport:
    """What was measured for a training.

    Attributes:
        scale: of HR to LR.
        real: the real images.
        hr: the HR images and their comparison with the real ones, if there are any.
    """

    scale: int
    real: FolderMeasurement
    hr: HRMeasurement | None

    def to_dict(self) -> dict[str, Any]:
        """Returns plain lists, numbers and strings, for JSON."""
        return dict(scale=self.scale, real=self.real.to_dict(), hr=self.hr and self.hr.to_dict())


def measure_folders(
    real: str | Path,
    hr: str | Path | None = None,
    *,
    scale: int,
    channels: int | None = None,
    watch: Callable[[str], Watch] = lambda title: iter,
) -> MeasurementReport:
    """Measures a folder of real LR images, and compares a folder of HR images with it.

    At most 64 real and 32 HR images are measured, evenly spread over their folders. Images that are unreadable or
    smaller than 64 pixels are passed over.

    Args:
        real: folder of real LR images.
        hr: folder of HR images.
        scale: of HR to LR: the HR images are reduced by it before they are compared.
        channels: number of channels of the images; None is that of the files, see
            :func:`~cyclesr.images.bands.channels_of_folders`.
        watch: returns, for a title, a function that wraps the paths, for a progress bar.

    Raises:
        UserError: a folder without images, or whose images are all unreadable, too small or without edges; or images
            of different bands.
    """
    if channels is None:
        channels = channels_of_folders(real, *([] if hr is None else [hr]))
    found = _measure(Path(real), _MOST, _SMALLEST, channels, watch("real"))
    return MeasurementReport(scale, found, None if hr is None else _compare(Path(hr), found, scale, watch))


def _compare(folder: Path, real: FolderMeasurement, scale: int, watch: Callable[[str], Watch]) -> HRMeasurement:
    channels = real.camera.channels
    whole = _measure(folder, _MOST_HR, _SMALLEST * scale, channels, watch("hr"))
    paths = [folder / image.name for image in whole.camera.images]
    reduced = _measured(folder, paths, channels, watch("hr, reduced"), [], scale) if scale > 1 else whole.camera
    return HRMeasurement(
        whole=whole,
        reduced=reduced,
        comparison=SharpnessComparison(sharpness(reduced), real.sharpness),
        same_camera=look_alike(whole.camera, real.camera),
        not_larger=whole.pixels <= real.pixels,
    )


def _measure(folder: Path, most: int, smallest: int, channels: int, watch: Watch) -> FolderMeasurement:
    paths = list_images(folder)
    passed_over: list[str] = []
    chosen = [path for path in paths[:: -(-len(paths) // most)] if _usable(path, smallest, channels, passed_over)]
    if not chosen:
        raise UserError(f"None of the images of {folder} can be measured: {passed_over[0]}")
    camera = _measured(folder, chosen, channels, watch, passed_over)
    return FolderMeasurement(folder, len(paths), camera, tuple(passed_over))


def _measured(
    folder: Path, paths: list[Path], channels: int, watch: Watch, passed_over: list[str], reduced_by: int = 1
) -> CameraMeasurement:
    """Measures images; the MTF is computed at once, so that errors name the folder."""
    try:
        camera = measure_files(
            watch(paths),
            channels=channels,
            reduced_by=reduced_by,
            skip=lambda error: passed_over.append(str(error)),
        )
        _ = camera.mtf
    except UserError as error:
        raise UserError(" ".join((f"{folder}: {error}", *passed_over[:1]))) from error
    return camera


def _usable(path: Path, smallest: int, channels: int, passed_over: list[str]) -> bool:
    """Returns whether an image has the size to be measured; if not, adds the reason to ``passed_over``."""
    try:
        height, width = image_size(path, channels)
    except UserError as error:
        passed_over.append(str(error))
        return False
    if min(height, width) < smallest:
        passed_over.append(
            f"{path} measures {width}x{height}, less than the {smallest} pixels that a measurement needs."
        )
        return False
    return True
