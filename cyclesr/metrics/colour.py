"""PSNR after a colour match: what is left once a cast, a gain or an offset of the whole image is taken away."""

import torch
from torch import Tensor

from cyclesr.metrics.pixels import check_same_size
from cyclesr.metrics.psnr import to_decibel


def psnr_colour(sr: Tensor, hr: Tensor) -> float:
    """Measures PSNR after :func:`match_colour`, in dB; never below the PSNR of the same pixels.

    Args:
        sr: (3, H, W) in 0..255.
        hr: the same.

    Raises:
        UserError: the sizes differ.
    """
    check_same_size(sr, hr)
    return to_decibel((match_colour(sr, hr) - hr).square().mean().item())


def match_colour(sr: Tensor, hr: Tensor) -> Tensor:
    """Applies the affine colour transform of one image, a 3x3 matrix and an offset, that fits it best to another.

    Args:
        sr: (3, H, W).
        hr: the same size: what it is fitted to, by least squares over all pixels.

    Returns:
        (3, H, W), float64 on the device of ``sr``, neither clamped nor rounded.
    """
    pixels = sr.double().flatten(1).T.cpu()
    source = torch.cat([pixels, torch.ones_like(pixels[:, :1])], dim=1)
    # gelsd also solves for images whose channels depend on each other (gray ones, constant ones); it runs on CPUs only.
    transform = torch.linalg.lstsq(source, hr.double().flatten(1).T.cpu(), driver="gelsd").solution
    return (source @ transform).T.reshape(sr.shape).to(sr.device)
