"""SSIM and MS-SSIM as losses, compared with the evaluation and with scipy; their gradients."""

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d
from torch import Tensor

from cyclesr.errors import UserError
from cyclesr.metrics.ssim import ssim
from cyclesr.models.losses.ssim import SCALE_WEIGHTS, multi_scale_similarity, structural_similarity
from cyclesr.registry import LOSSES


def pair(size: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    hr = torch.rand(2, 3, size, size, dtype=dtype)
    return (hr + 0.1 * torch.randn_like(hr)).clamp(0, 1), hr


def test_equals_the_ssim_of_the_evaluation() -> None:
    sr, hr = pair(20)
    expected = [ssim(a, b, rounded=False) for a, b in zip(sr, hr, strict=True)]
    assert structural_similarity(sr, hr).item() == pytest.approx(sum(expected) / 2, abs=1e-12)
    loss = LOSSES.build(dict(type="SSIMLoss", weight=3.0))
    assert loss(sr, hr).item() == pytest.approx(3 * (1 - sum(expected) / 2), abs=1e-12)
    assert loss(sr.float(), hr.float()).item() == pytest.approx(loss(sr, hr).item(), abs=1e-4)
    assert loss(sr.bfloat16(), hr.float()).dtype == torch.float32
    assert loss(hr, hr).item() == 0.0


def window() -> np.ndarray:
    y, x = np.mgrid[-5:6, -5:6]
    bell = np.exp(-(x**2 + y**2) / (2 * 1.5**2))
    return bell / bell.sum()


def terms(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Returns the means of SSIM and of its contrast-structure factor, computed with two-dimensional convolutions."""

    def mean(image: np.ndarray) -> np.ndarray:
        return convolve2d(image, window(), mode="valid")

    variance_a, variance_b = mean(a * a) - mean(a) ** 2, mean(b * b) - mean(b) ** 2
    structure = (2 * (mean(a * b) - mean(a) * mean(b)) + 58.5225) / (variance_a + variance_b + 58.5225)
    luminance = (2 * mean(a) * mean(b) + 6.5025) / (mean(a) ** 2 + mean(b) ** 2 + 6.5025)
    return float((luminance * structure).mean()), float(structure.mean())


def halved(image: np.ndarray) -> np.ndarray:
    height, width = (side // 2 * 2 for side in image.shape)
    return image[:height, :width].reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))


def ms_ssim(a: np.ndarray, b: np.ndarray, weights: tuple[float, ...]) -> float:
    product = 1.0
    for scale, weight in enumerate(weights, start=1):
        both, structure = terms(a, b)
        product *= (structure if scale < len(weights) else both) ** weight
        a, b = halved(a), halved(b)
    return product


@pytest.mark.parametrize(("size", "weights"), [(47, (0.3, 0.7)), (176, SCALE_WEIGHTS)])
def test_ms_ssim_equals_scipy(size: int, weights: tuple[float, ...]) -> None:
    sr, hr = (image[:1] for image in pair(size))
    planes = [(255 * image[0]).numpy() for image in (sr, hr)]
    expected = np.mean([ms_ssim(a, b, weights) for a, b in zip(*planes, strict=True)])
    assert multi_scale_similarity(sr, hr, weights).item() == pytest.approx(expected, abs=1e-10)


def test_one_scale_is_ssim() -> None:
    sr, hr = pair(16)
    expected = structural_similarity(sr, hr).item()
    assert multi_scale_similarity(sr, hr, (1.0,)).item() == pytest.approx(expected, abs=1e-12)


def test_gradients_agree_with_finite_differences() -> None:
    sr, hr = (image[:1, :1].clone().requires_grad_() for image in pair(12))
    assert torch.autograd.gradcheck(structural_similarity, (sr, hr))
    sr, hr = (image[:1, :1].clone().requires_grad_() for image in pair(23))
    assert torch.autograd.gradcheck(lambda a, b: multi_scale_similarity(a, b, (0.4, 0.6)), (sr, hr), fast_mode=True)


def test_opposite_images_have_a_finite_gradient() -> None:
    hr = torch.rand(1, 3, 24, 24)
    sr = (1 - hr).requires_grad_()
    LOSSES.build(dict(type="MSSSIMLoss", scale_weights=(0.5, 0.5)))(sr, hr).backward()
    assert torch.isfinite(sr.grad).all()


def test_small_crops_are_errors() -> None:
    with pytest.raises(UserError, match=r"5 scales.*176 pixels.*128"):
        LOSSES.build(dict(type="MSSSIMLoss"))(torch.rand(1, 3, 128, 200), torch.rand(1, 3, 128, 200))
    with pytest.raises(UserError, match="11x11"):
        LOSSES.build(dict(type="SSIMLoss"))(torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 8))
