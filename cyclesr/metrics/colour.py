"""PSNR after a colour match, which ignores a colour cast, a gain or an offset of the whole image."""

import torch
from torch import Tensor

from cyclesr.metrics.pixels import check_same_size
from cyclesr.metrics.psnr import to_decibel


def psnr_colour(sr: Tensor, hr: Tensor) -> float:
    """Computes PSNR in dB after :func:`match_colour`. It is never below the PSNR of the same pixels.

    Args:
        sr: ``(3, H, W)`` in 0..255.
        hr: ``(3, H, W)`` in 0..255.

    Raises:
        UserError: the sizes differ.
    """
    check_same_size(sr, hr)
    return to_decibel((match_colour(sr, hr) - hr).square().mean().item())


def match_colour(sr: Tensor, hr: Tensor) -> Tensor:
    """Matches the colours of an image to another with an affine transform, a 3x3 matrix and an offset.

    The transform is the least-squares fit over all pixels.

    Args:
        sr: ``(3, H, W)``, the image to transform.
        hr: ``(3, H, W)``, the image to match.

    Returns:
        The transformed ``sr`` in float64, neither clamped nor rounded.
    """
    pixels = sr.double().flatten(1).T.cpu()
    source = torch.cat([pixels, torch.ones_like(pixels[:, :1])], dim=1)
    # gelsd also works for linearly dependent channels (gray or constant images), but only on the CPU.
    transform = torch.linalg.lstsq(source, hr.double().flatten(1).T.cpu(), driver="gelsd").solution
    return (source @ transform).T.reshape(sr.shape).to(sr.device)
