"""The choice of a config for a user's own images, from what was measured of them.

Everything here is a pure function of measurements; :mod:`cyclesr.engine.own_images` measures.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from cyclesr.degradations.camera import FREQUENCIES, CameraMeasurement
from cyclesr.degradations.camera.sharpness import gaussian_error
from cyclesr.errors import UserError
from cyclesr.images.bands import bands_in_words

# Of a measurement that is used. On 64x64 to 96x96 crops of a phone's images, MTFs from fewer edges erred by 0.2 to 1.4.
LEAST_EDGES = 500
MOST_GAIN = 2.5  # a measured MTF above it is not that of a camera
# Largest difference to the MTF of a blur. Blurred photographs reach 0.035, cameras that process images 0.19 and more
# (docs/results/real_photographs.md). It is small, because to take a camera for a blur does the greater harm.
GAUSSIAN = 0.04
STRONG_COMPRESSION = 75  # JPEG quality below which blocks are plain to see
UNCOMPRESSED = 100  # JPEG quality that images without traces of compression count as
# Where compression is drawn, less is left that nothing explains (docs/results/real_photographs.md).
DRAWN_COMPRESSION = {"model.translator.compressed": True, "model.translator.texture": 0.2}
_ONLY_BLURRED = (
    "your images look as a Gaussian blur leaves them, without processing: the blur and a noise level are learned by "
    "comparison, which is more exact."
)
CPU_MINUTES = 10.0
LEAST_ITERATIONS = 500
RecipeKind = Literal["fidelity", "perceptual"]
SMALLEST_CROP = 16

_DETAIL = (FREQUENCIES >= 0.2) & (FREQUENCIES <= 0.4)
_SOFTER = 1.1  # ratio of MTFs at _DETAIL; scenes alone make it differ from 1 by less
_CRISP = 0.9  # MTF at _DETAIL of images without blur; others may exceed it by sharpening, not by detail


class Recipe(NamedTuple):
    """What to train with.

    Attributes:
        config: name of a config of cyclesr.
        options: dotted keys and values that override it.
        reason: why, in words.
        warnings: what the user should know, a line each.
    """

    config: str
    options: Mapping[str, Any]
    reason: str
    warnings: tuple[str, ...] = ()


def choose_recipe(
    camera: CameraMeasurement,
    sharp: CameraMeasurement | None,
    scale: int,
    gpu: bool,
    kind: RecipeKind = "fidelity",
) -> Recipe:
    """Chooses a config of ``own_images/``.

    Args:
        camera: measurement of the real LR images.
        sharp: measurement of the HR images, reduced bicubically by ``scale``; None if there is none.
        scale: of HR to LR.
        gpu: whether to choose the sizes for a GPU.
        kind: ``perceptual`` trains ``own_images/camera`` with perceptual and adversarial losses.

    Raises:
        UserError: the perceptual recipe for images that are not RGB, or whose degradation cannot be measured.
    """
    name, options, reason = _degradation(camera, kind)
    if camera.channels != 3:
        options |= {"channels": camera.channels}
    if kind == "perceptual":
        if camera.channels != 3:
            raise UserError(
                "The perceptual recipe needs RGB images, because its loss compares features of photographs; found "
                f"{bands_in_words(camera.channels)}: leave --recipe out."
            )
        if name != "camera":
            raise UserError(f"The perceptual recipe needs a measured degradation. {reason} Leave --recipe out.")
        name = kind
    return Recipe(f"own_images/{name}{'_gpu' if gpu else ''}", options, reason, _warnings(camera, sharp, scale))


def _degradation(camera: CameraMeasurement, kind: RecipeKind) -> tuple[str, dict[str, Any], str]:
    """Returns the name of a config, options over it, and the reason."""
    doubt, quality = _doubt(camera), _quality(camera)
    compressed = (
        f"your images are {'strongly ' * (quality < STRONG_COMPRESSION)}compressed (JPEG quality {quality:.0f})"
    )
    if not doubt and quality >= UNCOMPRESSED:
        if kind == "fidelity" and gaussian_error(camera.mtf) <= GAUSSIAN:
            return "blur_noise", {}, _ONLY_BLURRED
        return "camera", {}, "sharpness and noise of your images were measured and need not be learned."
    if not doubt:
        found = "sharpness, noise and compression of your images were measured and need not be learned"
        return "camera", dict(DRAWN_COMPRESSION), f"{found}; {compressed}."
    if quality >= STRONG_COMPRESSION:
        return "blur_noise", {}, f"{doubt}: a blur and a noise level are learned by comparison instead."
    return (
        "network",
        {},
        f"{doubt}, and {compressed}: a network learns their degradation. It can drift; look at results.",
    )


def _doubt(camera: CameraMeasurement) -> str:
    """Returns why ``own_images/camera`` cannot be used; empty if it can."""
    edges, needed = camera.edges, f"{LEAST_EDGES} sharp, isolated edges (more or larger images)"
    if edges < LEAST_EDGES or not camera.has_mtf:
        return f"own_images/camera needs {needed}, and yours show {edges}"
    if camera.mtf.max() > MOST_GAIN:
        return f"the measurement says that the camera raises contrast {camera.mtf.max():.1f} times, which none does"
    return ""


def _quality(camera: CameraMeasurement) -> float:
    """Returns the median JPEG quality."""
    return float(
        np.median([image.compression.quality if image.compression else UNCOMPRESSED for image in camera.images])
    )


def _warnings(camera: CameraMeasurement, sharp: CameraMeasurement | None, scale: int) -> tuple[str, ...]:
    if sharp is None or not (sharp.has_mtf and camera.has_mtf):
        return ()
    ratio = float(camera.relative_mtf(sharp)[_DETAIL].mean())
    if ratio < _SOFTER or sharp.mtf[_DETAIL].mean() > _CRISP:
        return ()
    return (
        f"The sharp images, reduced by {scale}, are not sharper than your images: yours hold {ratio:.1f} times as much "
        "fine detail. The network cannot learn more than they show: use sharper images, or reduce them first.",
    )


def fitting_crops(crop: int, batch_size: int, smallest: int) -> tuple[int, int]:
    """Returns a crop that fits the smallest image, and the batch size with about as many pixels as before.

    Args:
        crop: side of the LR crops of the config, pixels.
        batch_size: of the config.
        smallest: largest crop that all images have, pixels. No crop is below 16 pixels.
    """
    side = max(min(crop, smallest), SMALLEST_CROP)
    return side, round(batch_size * (crop / side) ** 2)


def iterations_within(minutes: float, seconds: float, most: int) -> int:
    """Returns how many iterations of so many seconds each fit, in hundreds, from 500 to ``most``."""
    return min(most, max(LEAST_ITERATIONS, int(60 * minutes / seconds) // 100 * 100))
