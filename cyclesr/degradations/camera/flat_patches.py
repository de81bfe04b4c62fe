"""Flat patches of an image: samples of its noise, as in Ji et al. (CVPRW 2020).

They carry what a camera and its compression make of noise, which no spectrum describes.
"""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import numpy as np

from cyclesr.degradations.camera.measurement import CameraMeasurement, measured_part
from cyclesr.degradations.camera.noise import NoiseMeasurement
from cyclesr.errors import UserError
from cyclesr.images.reading import read_image

PATCH_SIDE = 16  # pixels
_MOST = 1024  # patches of all images together: 1.5 MB in half precision
_FLAT = 1.5  # times the variance of the measured noise: a patch with more has texture
_CLIPPED = (1.5 / 255, 253.5 / 255)

_AXIS = np.linspace(-1, 1, PATCH_SIDE)
_PLANE = np.stack([np.ones(PATCH_SIDE**2), np.repeat(_AXIS, PATCH_SIDE), np.tile(_AXIS, PATCH_SIDE)], 1)
_BASIS = np.linalg.qr(_PLANE)[0].astype(np.float32)


def patches_of_files(paths: Sequence[str | Path], camera: CameraMeasurement) -> list[np.ndarray]:
    """Collects flat patches of the files that a camera was measured on.

    Args:
        paths: the measured files, in their order.
        camera: their measurement.

    Returns:
        For each image samples ``(n, channels, 16, 16)``, see :func:`flat_patches`; those of another image, in turn,
        if it has none.

    Raises:
        UserError: no image has a flat patch, or the files are not those that were measured.
    """
    if len(paths) != len(camera.images):
        raise UserError(f"A noise bank needs the {len(camera.images)} files that were measured, found {len(paths)}.")
    most = max(_MOST // len(paths), 1)
    found = [
        flat_patches(measured_part(read_image(path, camera.channels)), noise, most) if noise else np.zeros((0, 3, 1, 1))
        for path, noise in zip(paths, camera.noise_of_each, strict=True)
    ]
    if not any(map(len, found)):
        raise UserError(
            f"None of the {len(found)} images has a flat patch of {PATCH_SIDE} px with noise: a noise bank cannot be "
            "made of them."
        )
    others = cycle([patches for patches in found if len(patches)])
    return [patches if len(patches) else next(others) for patches in found]


def flat_patches(image: np.ndarray, noise: NoiseMeasurement, most: int) -> np.ndarray:
    """Returns samples of the noise of an image, in units of its standard deviation at their brightness.

    Args:
        image: ``(H, W, channels)`` in [0, 1].
        noise: measured in this image.
        most: largest number of samples.

    Returns:
        ``(n, channels, 16, 16)``; each is a patch less the plane through it, so that its mean is 0.
    """
    channels = image.shape[2]
    if min(image.shape[:2]) < PATCH_SIDE:
        return np.zeros((0, channels, PATCH_SIDE, PATCH_SIDE), np.float32)
    step = PATCH_SIDE // 2
    views = np.lib.stride_tricks.sliding_window_view(image, (PATCH_SIDE, PATCH_SIDE), axis=(0, 1))[::step, ::step]
    values = views.reshape(-1, channels, PATCH_SIDE**2).astype(np.float32)
    residuals = values - values @ _BASIS @ _BASIS.T
    clipped = ((values < _CLIPPED[0]) | (values > _CLIPPED[1])).mean((1, 2)) > 0.01
    variance = np.square(residuals).mean((1, 2))
    expected = noise.read**2 + noise.shot * values.mean((1, 2))
    flat = np.flatnonzero((variance > 0) & (variance <= _FLAT * expected) & ~clipped)
    chosen = flat[np.linspace(0, len(flat) - 1, min(most, len(flat))).astype(int)]
    samples = residuals[chosen] / np.sqrt(expected[chosen])[:, None, None]
    return np.asarray(samples.reshape(-1, channels, PATCH_SIDE, PATCH_SIDE))
