"""Measures of an enlarged image without ground truth: it is compared only with the LR image it was made from.

Every function is pure. ``enlarged`` is an image ``(C, scale * h, scale * w)`` and ``real`` its real LR image
``(C, h, w)``, both in [0, 1]. Levels are of 255.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from cyclesr.degradations.camera.luminance import luminance_weights
from cyclesr.degradations.camera.noise import PATCH
from cyclesr.degradations.imresize import imresize

LEVELS = 255.0
_ROUNDING = 1 / 12  # variance of the rounding to 8 bits, squared levels
_REACH = 2  # LR pixels on each side, in which an enlarged pixel must find values as high and as low as its own
_CONTRAST = 0.1  # smallest range of values in that neighbourhood that makes it an edge
# Sharpness is measured at this share of the LR pixels: those with the largest gradients. Gradients below a quarter of
# the strongest are no edges.
_EDGES = 0.1
_STRONGEST, _WEAKEST = 0.999, 0.25
_BLOCK = 16  # side of the blocks of which the mean colours are compared, LR pixels
_JPEG_BLOCK = 8


def inconsistency(enlarged: Tensor, real: Tensor, kernel: Tensor | None = None) -> float:
    """Returns the RMS difference, in levels, between the real image and the enlarged one after degrading it again.

    Args:
        enlarged: enlarged image.
        real: the LR image.
        kernel: ``(k, k)`` kernel of the camera at the size of ``real``, which follows bicubic reduction. ``None`` only
            reduces.
    """
    lr = degraded(enlarged, (real.shape[-2], real.shape[-1]), kernel)
    margin = 0 if kernel is None else kernel.shape[-1] // 2  # what is outside the image is not known
    inside = (..., slice(margin, -margin or None), slice(margin, -margin or None))
    return LEVELS * float((lr - real.double())[inside].square().mean().sqrt())


def degraded(enlarged: Tensor, size: tuple[int, int], kernel: Tensor | None = None) -> Tensor:
    """Returns an image ``(C, H, W)`` reduced bicubically to ``size`` and blurred by the camera's kernel, in float64."""
    lr = imresize(enlarged.double(), size=size)
    if kernel is None:
        return lr
    side = kernel.shape[-1] // 2
    padded = F.pad(lr[:, None], (side,) * 4, mode="replicate")
    return F.conv2d(padded, kernel.double()[None, None])[:, 0]  # a measured kernel is symmetric


def flat_deviation(enlarged: Tensor, corners: Tensor, scale: int) -> float:
    """Returns the standard deviation, in levels, in flat patches after subtracting a plane from each.

    The variance of the rounding to 8 bits is added, so that ratios of deviations below one level do not explode.

    Args:
        enlarged: enlarged image.
        corners: ``(n, 2)`` (y, x) of the top left LR pixels of the flat patches, see
            :func:`~cyclesr.degradations.camera.noise.flat_corners`.
        scale: size of the enlarged image / size of the LR image.

    Returns:
        The root of the median over patches of the variance, averaged over colours; NaN if there are no patches.
    """
    side = scale * PATCH
    patches = [enlarged[:, scale * y : scale * y + side, scale * x : scale * x + side] for y, x in corners.tolist()]
    if not patches:
        return float("nan")
    planes = _planes(side)
    values = LEVELS * torch.stack(patches).double().flatten(2)  # (n, C, pixels)
    residuals = values - values @ planes @ planes.T
    variances = residuals.square().sum(-1).mean(1) / (side**2 - planes.shape[1])
    return float((variances.median() + _ROUNDING).sqrt())  # a few patches hold an edge, but their neighbours do not


def _planes(side: int) -> Tensor:
    """(pixels, 3), an orthonormal basis of the planes over a square."""
    axis = torch.linspace(-1, 1, side, dtype=torch.float64)
    planes = torch.stack([torch.ones(side, side, dtype=torch.float64), *torch.meshgrid(axis, axis, indexing="ij")])
    return torch.linalg.qr(planes.flatten(1).T)[0]


def overshoot(enlarged: Tensor, real: Tensor) -> float:
    """Returns how far edges overshoot: by what share of their contrast they leave the local range of the LR image.

    The local range is that of the LR pixels within two pixels. Only places where it is wide are measured.

    Returns:
        Mean excess / mean range; NaN if the image has no edges.
    """
    window = 2 * _REACH + 1
    lr = real.double()[None]
    high = F.max_pool2d(lr, window, 1, _REACH)
    low = -F.max_pool2d(-lr, window, 1, _REACH)
    size = (enlarged.shape[-2], enlarged.shape[-1])
    high, low = (F.interpolate(bound, size=size, mode="nearest")[0] for bound in (high, low))
    edges = high - low > _CONTRAST
    excess = (enlarged.double() - high).clamp(min=0) + (low - enlarged.double()).clamp(min=0)
    return float(excess[edges].sum() / (high - low)[edges].sum())


def sharpness(enlarged: Tensor, real: Tensor) -> float:
    """Returns the root mean square of the gradient, in levels per enlarged pixel, at the edges of the LR image.

    Flat areas, whose gradients are noise, are not measured.
    """
    size = (enlarged.shape[-2], enlarged.shape[-1])
    strength = gradient(real)
    most, strongest = strength.flatten().quantile(strength.new_tensor([1 - _EDGES, _STRONGEST]))
    edges = strength >= torch.maximum(most, _WEAKEST * strongest)
    near = F.max_pool2d(edges[None, None].double(), 3, 1, 1)
    chosen = F.interpolate(near, size=size, mode="nearest")[0, 0] > 0
    return LEVELS * float(gradient(enlarged)[chosen].square().mean().sqrt())


def gradient(image: Tensor) -> Tensor:
    """Returns the length of the gradient of the luminance of ``(C, H, W)`` by central differences, ``(H, W)``."""
    weights = image.new_tensor(luminance_weights(len(image)))
    luma = torch.tensordot(weights.double(), image.double(), dims=1)
    y, x = torch.gradient(luma)
    return torch.hypot(y, x)


def colour_shift(enlarged: Tensor, real: Tensor) -> float:
    """Returns the RMS difference, in levels, between the mean colours of blocks of 16x16 LR pixels."""
    lr = imresize(enlarged.double(), size=(real.shape[-2], real.shape[-1]))
    difference = F.avg_pool2d(lr - real.double(), min(_BLOCK, *real.shape[-2:]))
    return LEVELS * float(difference.square().mean().sqrt())


def block_steps(enlarged: Tensor, scale: int, offset: tuple[int, int]) -> float:
    """Returns the excess of the steps across the borders of JPEG blocks, in levels, over those elsewhere.

    Args:
        enlarged: enlarged image.
        scale: size of the enlarged image / size of the LR image.
        offset: (y, x) of the first whole JPEG block in the LR image.

    Returns:
        The mean absolute difference between the mean colours of the two LR pixels on both sides of a border, less that
        in the middle of blocks.
    """
    lr = F.avg_pool2d(enlarged.double()[None], scale)[0]
    return (_steps(lr.transpose(-1, -2), offset[0]) + _steps(lr, offset[1])) / 2


def _steps(lr: Tensor, shift: int) -> float:
    """Excess of the steps at the borders of blocks along the last axis, which begin at ``shift``."""
    steps = LEVELS * lr.diff(dim=-1).abs().mean((0, 1))  # between pixels i and i + 1
    borders = steps[(shift - 1) % _JPEG_BLOCK :: _JPEG_BLOCK]
    middles = steps[(shift - 1 + _JPEG_BLOCK // 2) % _JPEG_BLOCK :: _JPEG_BLOCK]
    return float(borders.mean() - middles.mean())
