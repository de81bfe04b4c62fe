"""A simulated digital camera: optics, sensor noise, denoising, sharpening and JPEG.

The camera photographs an ideal LR image. Its MTF is the product of the optics and the sharpening, so that the noise,
which arises between the two, is denoised and sharpened but not blurred by the optics.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from cyclesr.degradations.blur import Blur
from cyclesr.degradations.camera.kernel import kernel_from_mtf
from cyclesr.degradations.camera.mtf import FREQUENCIES
from cyclesr.errors import UserError

# MTF of the kernel that turns bicubic LR into real LR, by least squares on the real pairs of City100 (Chen et al.,
# "Camera lens super-resolution", CVPR 2019), at 0.02, 0.06 ... 0.46 cycles per pixel.
_BANDS = np.arange(0.02, 0.5, 0.04)
_MTFS = {
    "phone": (1.03, 1.11, 1.19, 1.19, 1.05, 0.83, 0.57, 0.36, 0.22, 0.12, 0.07, 0.04),  # iPhone X
    "dslr": (0.98, 0.96, 0.96, 0.93, 0.79, 0.60, 0.39, 0.22, 0.11, 0.04, 0.02, 0.01),  # Nikon D5500
}
CAMERAS = tuple(_MTFS)

_OPTICS = np.exp(-2 * (np.pi * 0.8 * FREQUENCIES) ** 2)
_GAMMA = 2.2
# White balance amplifies the noise of red and blue; the colour matrix spreads each channel's noise to the others.
_COLOUR = np.array([[1.6, -0.5, -0.1], [-0.25, 1.5, -0.25], [0.0, -0.5, 1.5]]) * np.array([1.8, 1.0, 1.5])
_DEMOSAICING = (0.7, 0.45, 0.7)  # sigma of the interpolation of the colour filter array in R, G and B, pixels
_KERNEL_SIZE = 15


@dataclass(frozen=True)
class CameraSettings:
    """How the camera takes one photograph.

    Attributes:
        mtf: at ``FREQUENCIES``, of optics and sharpening together.
        read: standard deviation of the noise of a black pixel, of linear light in [0, 1].
        shot: variance of the noise of a white pixel, of linear light.
        denoising: strength for luminance: 0 for none, 1 removes what has the variance of the noise.
        colour_denoising: the same for chrominance.
        quality: of the JPEG, 1 to 100.
        subsampling: of its chrominance: ``4:4:4``, ``4:2:2`` or ``4:2:0``.
    """

    mtf: tuple[float, ...]
    read: float
    shot: float
    denoising: float
    colour_denoising: float
    quality: int
    subsampling: str


def draw_settings(camera: str, random: np.random.Generator) -> CameraSettings:
    """Draws the settings of one photograph.

    Args:
        camera: ``phone``, which sharpens, denoises and compresses much, or ``dslr``.
        random: source of randomness.

    Raises:
        UserError: the camera is unknown.
    """
    if camera not in _MTFS:
        raise UserError(f"There is no camera {camera!r}: choose one of {', '.join(CAMERAS)}.")
    stretch, strength = np.exp(random.normal(0, 0.05)), np.exp(random.normal(0, 0.15))
    logs = np.interp(FREQUENCIES * stretch, [0, *_BANDS], [0, *np.log(_MTFS[camera])])
    mtf = tuple(round(float(gain), 4) for gain in np.exp(strength * logs))
    if camera == "phone":
        return CameraSettings(
            mtf=mtf,
            read=round(float(random.uniform(0.002, 0.005)), 5),
            shot=round(float(10 ** random.uniform(-3.5, -2.7)), 7),
            denoising=round(float(random.uniform(0.8, 1.2)), 3),
            colour_denoising=round(float(random.uniform(1.5, 3.0)), 3),
            quality=int(random.integers(78, 95)),
            subsampling="4:2:0",
        )
    return CameraSettings(
        mtf=mtf,
        read=round(float(random.uniform(0.0005, 0.002)), 5),
        shot=round(float(10 ** random.uniform(-4.3, -3.5)), 7),
        denoising=round(float(random.uniform(0.4, 0.8)), 3),
        colour_denoising=round(float(random.uniform(0.8, 1.5)), 3),
        quality=int(random.integers(90, 98)),
        subsampling=str(random.choice(["4:2:2", "4:2:0"])),
    )


def photograph(ideal: Tensor, settings: CameraSettings, random: np.random.Generator) -> Tensor:
    """Photographs an ideal LR image; the result is not compressed yet.

    Args:
        ideal: ``(3, H, W)`` in [0, 1], such as bicubic LR.
        settings: see :func:`draw_settings`.
        random: source of the noise.

    Returns:
        ``(3, H, W)`` float64 in [0, 1].
    """
    mtf = np.array(settings.mtf)
    optics = np.maximum(_OPTICS, 0.5 * mtf)  # sharpening amplifies no frequency more than twice
    exposed = _filter(ideal.double(), optics).clamp(0, 1).numpy()
    sigma = np.sqrt(settings.read**2 + settings.shot * exposed**_GAMMA)
    noisy = np.clip(exposed**_GAMMA + sigma * _coloured(random.normal(size=exposed.shape)), 0, 1) ** (1 / _GAMMA)
    # Noise of linear light, in the units of the image: the derivative of the gamma curve, kept finite at black.
    sigma = sigma * np.abs(_COLOUR).mean() / (_GAMMA * np.maximum(exposed, 0.1) ** (_GAMMA - 1))
    return _filter(torch.from_numpy(_denoised(noisy, sigma.mean(0), settings)), mtf / optics).clamp(0, 1)


def _filter(image: Tensor, mtf: np.ndarray) -> Tensor:
    filtered: Tensor = Blur(kernel_from_mtf(mtf, _KERNEL_SIZE))(image[None])[0]
    return filtered


def _coloured(white: np.ndarray) -> np.ndarray:
    """Gives white noise (3, H, W) the grain of demosaicing and the colour of white balance and colour matrix."""
    grain = np.stack([cv2.GaussianBlur(plane, (0, 0), sigma) for plane, sigma in zip(white, _DEMOSAICING, strict=True)])
    return np.einsum("ij,jhw->ihw", _COLOUR, grain)


def _denoised(image: np.ndarray, sigma: np.ndarray, settings: CameraSettings) -> np.ndarray:
    """Denoises luminance and chrominance (3, H, W), given the standard deviation (H, W) of the noise."""
    luma = np.tensordot([0.299, 0.587, 0.114], image, 1)
    smooth = _local_wiener(luma, settings.denoising * sigma, 5)
    chroma = [_local_wiener(plane - luma, settings.colour_denoising * sigma, 9) for plane in image]
    return smooth + np.stack(chroma)


def _local_wiener(plane: np.ndarray, sigma: np.ndarray, side: int) -> np.ndarray:
    """Shrinks deviations from the local mean by the share of the noise in the local variance (Lee, 1980)."""
    mean = cv2.blur(plane, (side, side))
    variance = np.maximum(cv2.blur(plane**2, (side, side)) - mean**2, 1e-12)
    return mean + np.maximum(1 - sigma**2 / variance, 0) * (plane - mean)
