"""Preprocessing of images for scores: conversion to float64 in 0 to 255, rounding to 8 bits, luma, border crop."""

from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cyclesr.errors import UserError, require_rgb

Image: TypeAlias = NDArray[Any] | Tensor


def to_planes(image: Image, rounded: bool = False) -> Tensor:
    """Converts an image to float64 planes in 0..255.

    Args:
        image: array ``(H, W, 3)`` or ``(H, W)`` in uint8, uint16 or float in [0, 1]; or tensor ``(C, H, W)`` in uint8
            or float in [0, 1].
        rounded: whether to clamp to 0..255 and round to integers, as writing an 8-bit file does (half up).

    Returns:
        ``(C, H, W)`` in float64 on the device of the input. The values of 8-bit images are exact.

    Raises:
        UserError: the image has another shape.
    """
    tensor = _channels_first(image) if isinstance(image, np.ndarray) else image
    if tensor.ndim != 3:
        raise UserError(f"Expected one image, (3, H, W) or (H, W, 3), found the shape {tuple(tensor.shape)}.")
    planes = tensor.to(torch.float64)
    if tensor.dtype != torch.uint8:
        planes = planes * 255
    return (planes.clamp(0, 255) + 0.5).floor() if rounded else planes


def _channels_first(image: NDArray[Any]) -> Tensor:
    if image.dtype == np.uint16:
        image = image / 65535.0
    array = image[None] if image.ndim == 2 else np.moveaxis(image, -1, 0)
    return torch.from_numpy(np.ascontiguousarray(array))


def to_luma(rgb: Tensor, rounded: bool = False) -> Tensor:
    """Computes ITU-R BT.601 luma in studio range (16..235), as MATLAB's rgb2ycbcr.

    Args:
        rgb: ``(3, H, W)`` in 0..255.
        rounded: whether to round to integers, as MATLAB does for uint8 input.

    Returns:
        ``(1, H, W)`` in 16..235.

    Raises:
        UserError: the image is not RGB.
    """
    require_rgb("Luma, and scores that are computed on it,", len(rgb))
    weights = rgb.new_tensor([65.481, 128.553, 24.966]) / 255
    luma = 16 + torch.tensordot(weights, rgb, dims=1)[None]
    return (luma + 0.5).floor() if rounded else luma


def crop_border(planes: Tensor, pixels: int) -> Tensor:
    """Crops ``pixels`` from all four sides of ``(..., H, W)``.

    Raises:
        UserError: no pixels would remain.
    """
    height, width = planes.shape[-2:]
    if 2 * pixels >= min(height, width):
        raise UserError(
            f"An image of {width}x{height} is too small for a border of {pixels} pixels on every side: use larger "
            "images or another protocol."
        )
    return planes[..., pixels : height - pixels, pixels : width - pixels]


def check_same_size(sr: Tensor, hr: Tensor) -> None:
    """Checks that two images have the same shape.

    Raises:
        UserError: the shapes differ.
    """
    if sr.shape != hr.shape:
        raise UserError(
            f"An SR image and its HR image must have the same shape, found {_size(sr)} and {_size(hr)}: check that the "
            "scale of the network is the scale of these pairs."
        )


def _size(planes: Tensor) -> str:
    channels, height, width = planes.shape
    return f"{width}x{height} with {channels} channel(s)"
