"""The verdict without ground truth: whether an SR network is better than bicubic interpolation on real LR images.

Both enlarge the same real LR images, and a few properties of the results are compared. None of them proves quality.
Together they find what goes wrong when a network is trained without pairs: noise and JPEG blocks that are amplified,
halos at edges, colour casts, and results that are not sharper than bicubic.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cyclesr.degradations.camera import CameraMeasurement, kernel_from_mtf, measure_files
from cyclesr.degradations.camera.compression import measure_compression, read_compression
from cyclesr.degradations.camera.noise import flat_corners
from cyclesr.degradations.imresize import imresize
from cyclesr.errors import UserError
from cyclesr.images.reading import read_image
from cyclesr.images.tensors import to_tensor
from cyclesr.inference.upscale import Upscaler
from cyclesr.metrics.niqe import enough_blocks, niqe
from cyclesr.metrics.without_truth import (
    block_steps,
    colour_shift,
    flat_deviation,
    inconsistency,
    overshoot,
    sharpness,
)
from cyclesr.models.networks.image_channels import channels_of

MOST_IMAGES = 20
CROP = 320  # side of the central crops, LR pixels
LEAST_SIDE = 48  # images that are smaller are left out, LR pixels
_GRID = 8  # of JPEG blocks

SHARPER = 1.05  # ratio of the gradients at edges from which an image looks sharper
# Gains in dB that count as 1 in the score. More does not raise it: an image can also be sharpened or smoothed too much.
_GAINS = {"sharpness": 2.0, "inconsistency": 6.0, "flat_deviation": 2.0}

Compared = tuple[float, float]  # a measure of the SR image, and of the bicubic enlargement


@dataclass(frozen=True)
class Rule:
    """What a measure is, and how much worse than bicubic it may be.

    Attributes:
        title: name for readers.
        unit: unit of the values.
        fault: function of the values of SR and bicubic and of the deviation of bicubic in flat areas. It returns how
            much worse SR is, in units of what is tolerated: above 1 it is harm. ``None`` for measures without a limit.
        problem: what is wrong then.
        remedy: what to do.
    """

    title: str
    unit: str
    fault: Callable[[float, float, float], float] | None = None
    problem: str = ""
    remedy: str = ""


def _beyond(sr: float, expected: float) -> float:
    """Returns the part of a root mean square that is independent of the expected part."""
    return math.sqrt(max(sr**2 - expected**2, 0.0))


RULES: dict[str, Rule] = {
    "sharpness": Rule(
        "gradient at edges",
        "levels",
        problem="edges are not sharper than those of bicubic",
        remedy="train for more steps, and check that the HR images are sharp; if you trained with another config, try "
        "own_images/camera, which measures how soft your images are",
    ),
    # A network that removes the noise differs from the LR image by the noise, and by nothing else.
    "inconsistency": Rule(
        "difference to the LR image when degraded again",
        "levels",
        lambda sr, bicubic, noise: _beyond(sr, math.hypot(bicubic, noise)) / 2,
        "degraded again, the results differ from your images more than bicubic's do",
        "the degradation that was learned is not that of your images: train on images of one camera only; if you "
        "trained with another config, try own_images/camera",
    ),
    "flat_deviation": Rule(
        "deviation in flat areas",
        "levels",
        lambda sr, bicubic, noise: (sr / bicubic - 1) / 0.2,
        "noise in flat areas is amplified",
        "raise model.translator.unexplained or texture of CameraDegradation, or set its bank=True, which takes noise "
        "from your images; raise noise_channels of a translator whose G1 is a network",
    ),
    "overshoot": Rule(
        "overshoot at edges",
        "% of contrast",
        lambda sr, bicubic, noise: (sr - bicubic) / 2,
        "edges have halos",
        "the degradation that was learned is softer than your images: try own_images/camera, or if you used it, raise "
        "its model.translator.unexplained",
    ),
    "colour_shift": Rule(
        "shift of colour or brightness",
        "levels",
        lambda sr, bicubic, noise: _beyond(sr, bicubic) / 2,
        "colours or brightness have changed",
        "set model.translator.low_frequency_lock=9 if G1 is a network, and check that the colours of the HR images are "
        "not edited",
    ),
    "block_steps": Rule(
        "steps at borders of JPEG blocks",
        "levels",
        lambda sr, bicubic, noise: (sr - bicubic) / (0.1 * abs(bicubic) + 0.25),
        "JPEG blocks are amplified",
        "set model.translator.compressed=True of CameraDegradation, so that the SR network learns from such images",
    ),
    "niqe": Rule("NIQE", ""),
}


@dataclass(frozen=True)
class Measure:
    """A measure, averaged over images.

    Attributes:
        name: a key of :data:`RULES`.
        sr: value of the SR images.
        bicubic: value of the bicubic enlargements.
        fault: how much worse SR is than bicubic, in units of what is tolerated; mean over images of what is worse.
        harm: whether it speaks against the network.
    """

    name: str
    sr: float
    bicubic: float
    fault: float
    harm: bool

    @property
    def rule(self) -> Rule:
        """Returns what the measure is."""
        return RULES[self.name]

    def line(self) -> str:
        """Returns the measure in words, as ``overshoot at edges: 2.10 % of contrast (bicubic 0.10)``."""
        unit = f" {self.rule.unit}" if self.rule.unit else ""
        return f"{self.rule.title}: {self.sr:.2f}{unit} (bicubic {self.bicubic:.2f})"


@dataclass(frozen=True)
class Verdict:
    """What was measured on some real LR images.

    Attributes:
        images: the measures of each image by its file name, as (SR, bicubic). Those that an image does not show are
            NaN, for instance the deviation in flat areas of an image without flat areas.
        with_kernel: whether the kernel of the camera was known when the results were degraded again.
        channels: number of channels of the images.
    """

    images: Mapping[str, Mapping[str, Compared]]
    with_kernel: bool
    channels: int = 3

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """Returns all measures that at least one image shows, in the order of :data:`RULES`."""
        found = []
        for name, rule in RULES.items():
            shown = [image for image in self.images.values() if all(map(math.isfinite, image[name]))]
            if shown:
                sr, bicubic = _means(name, [image[name] for image in shown])
                fault = float(np.mean([_fault(rule, image[name], image["flat_deviation"][1]) for image in shown]))
                harm = sr < SHARPER * bicubic if name == "sharpness" else fault > 1
                found.append(Measure(name, sr, bicubic, fault, harm))
        return tuple(found)

    @property
    def score(self) -> float:
        """Returns one number for ranking: 0 for bicubic, more is better.

        The gains in sharpness, consistency and noise in flat areas, in dB, count up to 1 each, see :data:`_GAINS`. Of
        every other fault, what exceeds the tolerated amount is subtracted.
        """
        found = {measure.name: measure for measure in self.measures}
        gains = sum(min(_decibel(found[name]) / most, 1.0) for name, most in _GAINS.items() if name in found)
        beyond = sum(max(measure.fault - 1, 0.0) for measure in found.values())
        return round(gains - beyond, 4) + 0.0  # no negative zero

    def noise_ratio(self, name: str) -> float:
        """Returns the deviation of SR in flat areas over that of bicubic, of one image; NaN without flat areas."""
        sr, bicubic = self.images[name]["flat_deviation"]
        return sr / bicubic

    @property
    def harms(self) -> tuple[Measure, ...]:
        """Returns the measures that speak against the network."""
        return tuple(measure for measure in self.measures if measure.harm)

    @property
    def better(self) -> bool:
        """Returns whether the network is better than bicubic: sharper, and nothing else is worse."""
        return not self.harms

    def lines(self) -> list[str]:
        """Returns the verdict in words: whether it is better, what is wrong and what to do."""
        count = f"{len(self.images)} image{'s' * (len(self.images) != 1)}"
        if self.better:
            lines = [f"Better than bicubic on {count}: edges are sharper, and nothing that can be measured is worse."]
        else:
            lines = [f"Not better than bicubic on {count}:"]
            lines += [f"- {one.rule.problem} ({one.line()}). What to do: {one.rule.remedy}." for one in self.harms]
        if not self.with_kernel:
            lines.append("The camera could not be measured: results are degraded again by bicubic reduction only.")
        if self.channels != 3:
            others = "" if self.channels == 1 else ", and so are JPEG blocks"
            lines.append(f"NIQE is left out{others}: the images are not RGB.")
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Returns plain dicts, lists, numbers and strings, for JSON. NaN becomes ``None``."""
        images = {
            name: {key: [value if math.isfinite(value) else None for value in pair] for key, pair in image.items()}
            for name, image in self.images.items()
        }
        measures = {one.name: {k: v for k, v in asdict(one).items() if k != "name"} for one in self.measures}
        shown = dict(better=self.better, score=self.score, measures=measures)
        return shown | dict(with_kernel=self.with_kernel, channels=self.channels, images=images)

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> "Verdict":
        """Restores the result of :meth:`to_dict`, also after a round trip through JSON."""
        images = {
            name: {key: (_number(sr), _number(bicubic)) for key, (sr, bicubic) in image.items()}
            for name, image in entry["images"].items()
        }
        return cls(images, entry["with_kernel"], entry.get("channels", 3))


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _means(name: str, values: Sequence[Compared]) -> Compared:
    """Returns means over images; those of deviations are geometric, so that no textured image outweighs others."""
    means = np.exp(np.log(values).mean(0)) if name == "flat_deviation" else np.mean(values, 0)
    return float(means[0]), float(means[1])


def _fault(rule: Rule, compared: Compared, noise: float) -> float:
    """Returns the fault of one image, at least 0: what is better in one image does not make up for another."""
    return max(rule.fault(*compared, noise if math.isfinite(noise) else 0.0), 0.0) if rule.fault else 0.0


def _decibel(measure: Measure) -> float:
    """Returns the gain over bicubic in dB; only of the gradient at edges, more is better."""
    gain = 20 * math.log10(max(measure.sr, 1e-3) / max(measure.bicubic, 1e-3))
    return gain if measure.name == "sharpness" else -gain


def judge(
    network: nn.Module,
    images: Sequence[str | Path],
    scale: int,
    camera: CameraMeasurement | None = None,
    *,
    device: str | torch.device = "cpu",
    most: int = MOST_IMAGES,
    crop: int = CROP,
    show: Callable[[str, Tensor, Tensor], None] | None = None,
    skip: Callable[[UserError], None] | None = None,
) -> Verdict:
    """Compares an SR network with bicubic interpolation on real LR images, without ground truth.

    Args:
        network: SR network, which is put into eval mode.
        images: paths of real LR images.
        scale: scale of the network.
        camera: measurement of these images. ``None`` measures those that are used.
        device: device of the network.
        most: number of images to use. They are spread evenly over ``images``.
        crop: side of the central crop of each, in LR pixels.
        show: called with the name, the LR crop and the SR image of each, for a page.
        skip: called with the error of an image that cannot be read, which is then passed over. By default, the error is
            raised.

    Raises:
        UserError: no image is at least 48 pixels wide and high, an image cannot be
            read, or the network fails.
    """
    channels = channels_of(network)
    chosen = spread_evenly(images, most)
    kernel = _kernel(camera or _measured(chosen, channels, passing_over=skip is not None))
    upscaler = Upscaler(network, scale, device)
    found = {}
    for name, path in _named(chosen).items():
        try:
            lr = central_crop(path, crop, channels)
        except UserError as error:
            if skip is None:
                raise
            skip(error)
            continue
        if min(lr.shape[-2:]) >= LEAST_SIDE:
            sr = upscaler(lr)
            found[name] = compare(sr, lr, scale, kernel, _block_offset(path, lr))
            if show is not None:
                show(name, lr, sr)
    if not found:
        raise UserError(
            f"A verdict needs real LR images of at least {LEAST_SIDE}x{LEAST_SIDE} pixels, found none among "
            f"{len(chosen)}: give larger images."
        )
    return Verdict(found, kernel is not None, channels)


def spread_evenly(paths: Sequence[str | Path], most: int) -> list[Path]:
    """Returns at most ``most`` paths, spread evenly over all.

    Raises:
        UserError: there are none.
    """
    if not paths:
        raise UserError("A verdict needs real LR images, found none.")
    chosen = np.linspace(0, len(paths) - 1, min(most, len(paths))).round().astype(int)
    return [Path(paths[index]) for index in chosen]


def central_crop(path: Path, side: int, channels: int = 3) -> Tensor:
    """Reads the central crop of an image, ``(channels, h, w)`` in [0, 1]; it begins at a border of JPEG blocks."""
    image = read_image(path, channels)
    top, left = (max(length - side, 0) // 2 // _GRID * _GRID for length in image.shape[:2])
    return to_tensor(image[top : top + side, left : left + side])


def compare(
    sr: Tensor, lr: Tensor, scale: int, kernel: Tensor | None, block_offset: tuple[int, int] | None
) -> dict[str, Compared]:
    """Measures the SR image and the bicubic enlargement of an LR image.

    Args:
        sr: ``(C, scale * h, scale * w)`` in [0, 1].
        lr: ``(C, h, w)`` in [0, 1].
        scale: size of the SR image / size of the LR image.
        kernel: kernel of the camera, see :func:`~cyclesr.metrics.without_truth.inconsistency`.
        block_offset: (y, x) of the first JPEG block in ``lr``; ``None`` if the image is not compressed.

    Returns:
        (SR, bicubic) for each key of :data:`RULES`; NaN if the image does not show it.
    """
    flat = torch.from_numpy(flat_corners(lr.permute(1, 2, 0).double().numpy()))
    measures: dict[str, Callable[[Tensor], float]] = {
        "sharpness": lambda image: sharpness(image, lr),
        "inconsistency": lambda image: inconsistency(image, lr, kernel),
        "flat_deviation": lambda image: flat_deviation(image, flat, scale),
        "overshoot": lambda image: 100 * overshoot(image, lr),
        "colour_shift": lambda image: colour_shift(image, lr),
        "block_steps": lambda image: block_steps(image, scale, block_offset) if block_offset else math.nan,
        "niqe": lambda image: niqe(image) if _has_niqe(image) else math.nan,
    }
    both = sr.nan_to_num().clamp(0, 1), imresize(lr.double(), scale=scale).clamp(0, 1)
    return {name: (measure(both[0]), measure(both[1])) for name, measure in measures.items()}


def _measured(paths: Sequence[Path], channels: int, *, passing_over: bool) -> CameraMeasurement:
    """Measures images, and says what is wrong with the first if none can be read."""
    errors: list[UserError] = []
    try:
        return measure_files(paths, channels=channels, skip=errors.append if passing_over else None)
    except UserError as error:
        raise (errors or [error])[0] from error


def _has_niqe(image: Tensor) -> bool:
    """Returns whether an image ``(C, H, W)`` is RGB, and large enough."""
    return len(image) == 3 and enough_blocks(image.shape[-2], image.shape[-1])


def _kernel(camera: CameraMeasurement) -> Tensor | None:
    try:
        return kernel_from_mtf(camera.mtf)
    except UserError:  # too few edges in the images
        return None


def _block_offset(path: Path, lr: Tensor) -> tuple[int, int] | None:
    """Returns where the JPEG blocks of a crop begin; ``None`` without compression."""
    found = read_compression(path) or measure_compression(lr.permute(1, 2, 0).double().numpy())
    return None if found is None else found.offset


def _named(paths: Sequence[Path]) -> dict[str, Path]:
    """Returns the paths by file name, or by the whole path if two files have the same name."""
    names = {path.name: path for path in paths}
    return names if len(names) == len(paths) else {str(path): path for path in paths}


def verdict_rows(verdict: Verdict) -> list[list[str]]:
    """Returns a table as rows of cells, the header first: each measure of SR and of bicubic, and what it says."""
    rows = [["measure", "unit", "SR", "bicubic", ""]]
    for one in verdict.measures:
        said = one.rule.problem if one.harm else "ok" if one.rule.problem else ""
        rows.append([one.rule.title, one.rule.unit, f"{one.sr:.2f}", f"{one.bicubic:.2f}", said])
    return rows
