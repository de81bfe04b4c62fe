"""What a measurement means, in words."""

from collections.abc import Iterator
from typing import NamedTuple

from cyclesr.degradations.camera.groups import LEAST_IMAGES, ImageGroup
from cyclesr.degradations.camera.measurement import DARK
from cyclesr.degradations.camera.sharpness import gaussian_error
from cyclesr.degradations.camera.summary import NoiseSummary
from cyclesr.images.bands import bands_in_words
from cyclesr.inference.measurement.report import FolderMeasurement, HRMeasurement, MeasurementReport

_SAME_IN_ALL_COLOURS, _OWN_IN_EACH_COLOUR = 0.8, 0.3  # correlation
_SIGNAL_DEPENDENT = 1.3  # ratio of the levels of white and black
_LEVELS = 255
_STRONG = 60  # quality below which blocks are visible
_LARGEST_SCALE = 8
_NAMES_SHOWN = 6
_NYQUIST = 0.5  # cycles per pixel

_DIFFERENCES = {
    "sharpening": "how much they sharpen",
    "detail": "the finest detail",
    "noise": "the level of noise",
    "grain": "the grain of noise",
    "colour": "the colour of noise",
    "compression": "the JPEG quality",
    "subsampling": "the chroma subsampling",
    "size": "the size",
}


class Finding(NamedTuple):
    """A finding about the images.

    Attributes:
        title: what it is about, in a word or two.
        text: what was found.
        advice: what to do; empty if there is nothing to do.
    """

    title: str
    text: str
    advice: str = ""


def findings(report: MeasurementReport) -> list[Finding]:
    """Describes a report in words, the images first."""
    found = [_images(report.real), *camera_findings(report.real, report.scale)]
    if report.hr is not None:
        found += [*_hr(report.hr, report.scale)]
    return found


def camera_findings(real: FolderMeasurement, scale: int) -> list[Finding]:
    """Describes the camera of a folder: sharpness, enlargement, noise, compression, groups, and if images are dark.

    Unlike those of :func:`~cyclesr.inference.measurement.report.measure_folders`, they may have too few edges.
    """
    return [
        *_brightness(real),
        _sharpness(real),
        *_enlargement(real, scale),
        _noise(real),
        _compression(real),
        _groups(real),
    ]


def _images(real: FolderMeasurement) -> Finding:
    sizes = sorted({(image.width, image.height) for image in real.camera.images}, key=lambda size: size[0] * size[1])
    spans = [f"{width}x{height}" for width, height in dict.fromkeys((sizes[0], sizes[-1]))]
    text = f"{len(real.camera.images)} of {real.found} measured, {' to '.join(spans)} pixels{_kind(real)}."
    if real.passed_over:
        text += f" Passed over: {len(real.passed_over)}."
    return Finding("Images", text, "With so few images, figures are rough: use 10 or more." if real.few else "")


def _kind(real: FolderMeasurement) -> str:
    return "" if real.camera.channels == 3 else f", {bands_in_words(real.camera.channels)}"


def _brightness(real: FolderMeasurement) -> Iterator[Finding]:
    factor = real.camera.headroom
    if factor >= DARK:
        yield Finding(
            "Brightness",
            f"The images use 1/{factor} of the range of 16 bits.",
            f"Before training, multiply all values of the real images by {factor}, and those of the HR images so that "
            "they look alike.",
        )


def _sharpness(real: FolderMeasurement) -> Finding:
    if not real.camera.has_mtf:
        edges = real.camera.edges
        return Finding("Sharpness", f"Not measured, because the images show too few sharp, isolated edges ({edges}).")
    found, blur = real.sharpness, f"A Gaussian blur explains the MTF to within {gaussian_error(real.camera.mtf):.2f}."
    if found.sharpens:
        text = (
            f"The camera sharpens: it raises the contrast of larger details up to {found.peak:.2f} times (at "
            f"{found.peak_frequency:.2f} cycles per pixel)."
        )
    elif found.half < _NYQUIST:
        text = "The camera does not sharpen."
    else:
        text = "The camera neither sharpens nor blurs."
    if found.half == _NYQUIST:
        return Finding("Sharpness", f"{text} Even the finest details keep more than half of their contrast. {blur}")
    text += f" Details of {_pixels(found.half)} pixels keep half of their contrast ({found.half:.2f} cycles per pixel)"
    lost = f", and those below {_pixels(found.limit)} pixels are lost." if found.limit < _NYQUIST else "."
    return Finding("Sharpness", f"{text}{lost} {blur}")


def _pixels(frequency: float) -> str:
    """Returns the width of a detail, half a period."""
    return f"{0.5 / frequency:.1f}"


def _enlargement(real: FolderMeasurement, scale: int) -> Iterator[Finding]:
    if not real.camera.has_mtf or (found := real.enlargement).factor == 1:
        return
    if found.traces:
        text = f"{found.traces} of {len(real.camera.images)} images show traces of an enlargement by {found.factor:g}."
    else:
        text = (
            f"Detail ends at {real.sharpness.limit:.2f} of 0.5 cycles per pixel. Images {found.factor:g} times smaller "
            "would hold all of it: these were enlarged before, or the lens is soft."
        )
    advice = f"Reduce the images by {found.factor:g} (antialiased bicubic) before training."
    after = found.factor * scale
    if after == int(after) and after <= _LARGEST_SCALE:
        advice += f" --scale {after:g} then gives results of the size that --scale {scale} gives now."
    yield Finding("Enlarged before", text, advice)


def _noise(real: FolderMeasurement) -> Finding:
    noise = real.noise
    if noise is None:
        return Finding("Noise", "No image has flat areas in which noise could be measured.")
    if noise.kind == "hidden":
        text = f"Hardly any: {_LEVELS * noise.level:.1f} levels of 255"
        return Finding("Noise", f"{text}{', not much more than rounding' * (real.camera.bits == 8)}.")
    text = (
        f"{_LEVELS * noise.level:.1f} levels of 255 at mid-gray ({_LEVELS * noise.low:.1f} to "
        f"{_LEVELS * noise.high:.1f} over images), {_growth(noise)}. "
    )
    text += "It is white. " if noise.kind == "white" else "It is coarse grain, as denoising and compression leave it. "
    return Finding("Noise", (text + (_colour(noise) if real.camera.channels == 3 else _bands(noise))).rstrip())


def _growth(noise: NoiseSummary) -> str:
    grows = noise.white > _SIGNAL_DEPENDENT * noise.black
    return "growing with brightness" if grows else "much the same at every brightness"


def _colour(noise: NoiseSummary) -> str:
    correlation = noise.correlation or 0.0
    if correlation > _SAME_IN_ALL_COLOURS:
        kind = "Nearly the same in all colours"
    else:
        kind = "Independent in each colour" if correlation < _OWN_IN_EACH_COLOUR else "Partly alike in all colours"
    return f"{kind} (correlation {correlation:.2f})."


def _bands(noise: NoiseSummary) -> str:
    if noise.correlation is None:
        return ""
    levels = ", ".join(f"{_LEVELS * level:.1f}" for level in noise.bands)
    return f"Levels of the bands: {levels}; their mean correlation is {noise.correlation:.2f}."


def _compression(real: FolderMeasurement) -> Finding:
    found = real.compression
    if real.camera.channels not in (1, 3):
        return Finding("Compression", "Not looked for, because JPEGs are gray or RGB.")
    if not found.qualities:
        return Finding("Compression", "No JPEG: neither in the files nor in the pixels.")
    where = [f"{found.in_files} of {found.images} files are JPEGs"] if found.in_files else []
    where += [f"{found.in_pixels} of {found.images} images show traces of JPEG in their pixels"] * bool(found.in_pixels)
    low, middle, high = found.qualities[0], found.qualities[len(found.qualities) // 2], found.qualities[-1]
    quality = f"quality {low}" if low == high else f"quality {low} to {high}, median {middle}"
    kinds = ", ".join(f"{name} in {_share(count, len(found.qualities))}" for name, count in found.subsamplings.items())
    text = f"{', '.join(where)}: {quality}{kinds and f'; chroma {kinds}'}."
    return Finding(
        "Compression", text, "Blocks are strong: use the originals if you have them." if middle < _STRONG else ""
    )


def _share(count: int, total: int) -> str:
    return "all" if count == total else f"{count} of {total}"


def _groups(real: FolderMeasurement) -> Finding:
    if len(real.camera.images) < LEAST_IMAGES:
        return Finding(
            "Groups", f"Fewer than {LEAST_IMAGES} images do not show whether they come from several cameras."
        )
    if len(real.groups) == 1:
        return Finding("Groups", "The images look like those of one camera and one setting.")
    parts = [f"{len(group.indices)} images ({_some(real.names(group))})" for group in real.groups]
    differences = list(dict.fromkeys(name for group in real.groups for name in group.differs_in))
    words = ", ".join(_DIFFERENCES[name] for name in differences) or "several properties together"
    advice = "Train them apart, one folder each. 'cyclesr measure' lists the files of each group."
    if any(len(group.indices) < LEAST_IMAGES for group in real.groups):
        advice += f" A group of fewer than {LEAST_IMAGES} images is better left out, or joined by more of its kind."
    return Finding(
        "Groups",
        f"The images form {len(parts)} groups of cameras or settings: {'; '.join(parts)}. They differ in {words}.",
        advice,
    )


def _some(names: list[str]) -> str:
    left = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {left} more" if left > 0 else "")


def group_title(real: FolderMeasurement, number: int, group: ImageGroup) -> str:
    """Names a group with the properties in which it differs, for a heading over its files."""
    words = ", ".join(_DIFFERENCES[name] for name in group.differs_in)
    return f"Group {number}: {len(group.indices)} of {len(real.camera.images)} images" + (
        f", by {words}" if words else ""
    )


def _hr(hr: HRMeasurement, scale: int) -> Iterator[Finding]:
    sharp, real = hr.comparison.sharp, hr.comparison.real
    figures = (
        f"mean gain from 0.2 to 0.5 cycles per pixel {sharp.detail:.2f}, that of the real images {real.detail:.2f}"
    )
    text, advice = {
        "sharper": (f"Reduced by {scale}, they are sharper than the real images: {figures}.", ""),
        "alike": (
            f"Reduced by {scale}, they are as sharp as the real images: {figures}.",
            "Their reductions already look like the real images, so bicubic pairs may do as well as anything learned. "
            "If the real images look soft to you, use sharper HR images.",
        ),
        "softer": (
            f"Even reduced by {scale}, they are softer than the real images: {figures}.",
            "An SR network cannot learn detail from them: use sharper images, or reduce these further.",
        ),
    }[hr.comparison.verdict]
    if hr.swapped:
        text += " Nor are they larger."
        advice = "Are --hr and the real images swapped? HR images must be sharper once they are reduced."
    yield Finding("HR images", text, advice)
    if hr.not_larger and not hr.swapped:
        yield Finding(
            "Size of the HR images",
            "The median HR image has no more pixels than the median real image.",
            "This is fine if the HR images are crops. If not, check that the two folders are not swapped.",
        )
    if hr.same_camera:
        yield Finding(
            "Same camera",
            "As they are, the HR images cannot be told from the real images in sharpness, noise, compression or size.",
            f"Such images can be used, but they only show how a {scale} times larger image would look in the same "
            "camera. Sharper images teach more.",
        )
    if hr.whole.enlargement.factor > 1:
        factor = hr.whole.enlargement.factor
        yield Finding(
            "HR images enlarged before",
            f"Detail of the HR images ends at {hr.whole.sharpness.limit:.2f} of 0.5 cycles per pixel."
            if not hr.whole.enlargement.traces
            else f"The HR images show traces of an enlargement by {factor:g}.",
            f"Reduce them by {factor:g} (antialiased bicubic), or the results will be as soft as they are.",
        )
