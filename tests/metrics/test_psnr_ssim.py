"""PSNR and SSIM compared with embedded values from scikit-image, scipy and mmagic's test suite."""

import math

import numpy as np
import pytest
import torch

from cyclesr.errors import UserError
from cyclesr.metrics.pixels import to_luma, to_planes
from cyclesr.metrics.psnr import psnr
from cyclesr.metrics.ssim import ssim


@pytest.fixture(scope="module")
def pair() -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:40, :48]
    hr = np.stack([(7 * x + 3 * y) % 256, (x * y) % 256, (5 * x * x + y) % 256], -1).astype(np.uint8)
    sr = np.clip(hr.astype(int) + (11 * x + 17 * y)[..., None] % 41 - 20, 0, 255).astype(np.uint8)
    return sr, hr


def test_psnr_equals_scikit_image(pair):
    sr, hr = pair
    assert psnr(sr, hr) == pytest.approx(26.857938567425556, abs=1e-12)
    assert psnr(sr, hr, border=4) == pytest.approx(26.817407711883916, abs=1e-12)


def test_psnr_of_equal_images_is_infinite(pair):
    assert psnr(pair[1], pair[1]) == math.inf


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("wang", 0.8999837984758665),  # structural_similarity(gaussian_weights=True, use_sample_covariance=False)
        ("ntire18", 0.9002598214902676),  # the same with scipy's gaussian_filter(truncate=4), map cropped by 5
        ("uniform7", 0.9269983273382767),  # structural_similarity's defaults
    ],
)
def test_ssim_equals_scikit_image(pair, window, expected):
    assert ssim(*pair, window=window) == pytest.approx(expected, abs=1e-12)


def test_ssim_with_border_equals_scikit_image_on_the_crop(pair):
    assert ssim(*pair, border=4) == pytest.approx(0.9075433820619342, abs=1e-12)


def test_known_values_of_two_constant_images():
    one = np.ones((32, 32, 3), np.uint8)
    assert psnr(one, 2 * one) == pytest.approx(48.1308036, abs=1e-6)
    assert psnr(one, 2 * one, luma=True) == pytest.approx(49.4527218, abs=1e-5)
    assert ssim(one, 2 * one) == pytest.approx(0.9130623, abs=1e-6)
    assert ssim(one, 2 * one, luma=True) == pytest.approx(0.9987801, abs=1e-6)


def test_arrays_tensors_and_16_bits_score_the_same(pair):
    sr, hr = pair
    tensor = torch.from_numpy(sr).permute(2, 0, 1).float() / 255
    assert psnr(tensor, hr) == psnr(sr, hr)
    assert psnr(sr.astype(np.uint16) * 257, hr) == psnr(sr, hr)


def test_rounding_clamps_and_rounds_halves_up():
    image = torch.tensor([-0.1, 0.5 / 255, 1.4 / 255, 1.2]).reshape(1, 1, 4)
    assert to_planes(image, rounded=True).flatten().tolist() == [0, 1, 1, 255]
    assert to_planes(image).flatten()[0] < 0


def test_luma_of_primary_colours():
    colours = to_planes(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8))
    assert to_luma(colours).flatten().tolist() == pytest.approx([81.481, 144.553, 40.966, 235.0])
    assert to_luma(colours, rounded=True).flatten().tolist() == [81, 145, 41, 235]


def test_different_sizes_are_errors(pair):
    with pytest.raises(UserError, match=r"48x40.*40x40"):
        psnr(pair[0], pair[1][:, :40])


def test_a_border_that_leaves_nothing_is_an_error(pair):
    with pytest.raises(UserError, match="border of 20"):
        psnr(*pair, border=20)
    with pytest.raises(UserError, match=r"SSIM.*11x11.*16x8"):
        ssim(*pair, border=16)
