"""Measures without ground truth compared with values that can be computed by hand or by scipy."""

import numpy as np
import pytest
import torch
from scipy import ndimage, stats

from cyclesr.degradations.camera.noise import PATCH, flat_corners
from cyclesr.degradations.imresize import imresize
from cyclesr.metrics.rank_correlation import rank_correlation
from cyclesr.metrics.without_truth import (
    block_steps,
    colour_shift,
    degraded,
    flat_deviation,
    inconsistency,
    overshoot,
    sharpness,
)


def step(low: float, high: float, side: int = 64) -> torch.Tensor:
    """A vertical edge in the middle, (3, side, side)."""
    image = torch.full((3, side, side), low)
    image[..., side // 2 :] = high
    return image


def nearest(image: torch.Tensor, scale: int = 2) -> torch.Tensor:
    return image.repeat_interleave(scale, -1).repeat_interleave(scale, -2)


def test_inconsistency_is_the_error_after_reduction() -> None:
    lr = torch.rand(3, 20, 24)
    sr = torch.rand(3, 40, 48)
    expected = 255 * (imresize(sr.double(), scale=0.5) - lr).square().mean().sqrt().item()
    assert inconsistency(sr, lr) == pytest.approx(expected)
    assert inconsistency(nearest(lr * 0 + 0.5) + 3 / 255, lr * 0 + 0.5) == pytest.approx(3, abs=1e-4)


def test_the_kernel_of_the_camera_follows_the_reduction() -> None:
    sr, kernel = torch.rand(3, 40, 48), torch.rand(5, 5)
    kernel = kernel + kernel.flip(0) + kernel.flip(1) + kernel.flip(0, 1)
    kernel = kernel / kernel.sum()
    expected = np.stack(
        [ndimage.convolve(plane, kernel.double().numpy(), mode="nearest") for plane in imresize(sr.double(), scale=0.5)]
    )
    np.testing.assert_allclose(degraded(sr, (20, 24), kernel).numpy(), expected, atol=1e-6)
    exact = torch.from_numpy(expected).float()
    exact[:, 0] = 9.0  # the border is not compared
    assert inconsistency(sr, exact, kernel) == pytest.approx(0, abs=1e-3)


def test_noise_is_measured_in_flat_patches_whatever_the_shading() -> None:
    random = np.random.default_rng(0)
    shading = np.linspace(0.2, 0.8, 256)[None, :, None] * np.ones((256, 1, 3))
    noisy = shading + random.normal(0, 4 / 255, shading.shape)
    enlarged = torch.from_numpy(noisy.transpose(2, 0, 1))
    corners = torch.from_numpy(flat_corners(shading[::2, ::2]))
    assert flat_deviation(enlarged, corners, 2) == pytest.approx(4, rel=0.03)
    assert np.isnan(flat_deviation(enlarged, corners[:0], 2))


def test_flat_patches_are_outside_of_texture() -> None:
    random = np.random.default_rng(0)
    image = np.full((96, 128, 3), 0.5) + random.normal(0, 2 / 255, (96, 128, 3))
    image[:, 64:] += random.normal(0, 40 / 255, (96, 64, 3))
    corners = flat_corners(image)
    assert len(corners) > 10
    assert corners[:, 1].max() + PATCH <= 64 + PATCH // 2
    assert corners.min() >= 0
    assert len(flat_corners(np.zeros((96, 128, 3)))) == 0  # clipped
    assert len(flat_corners(np.full((8, 8, 3), 0.5))) == 0


def test_overshoot_is_a_share_of_the_contrast() -> None:
    lr = step(0.3, 0.7)
    sr = nearest(lr)
    assert overshoot(sr, lr) == 0
    # Of the 8 columns of which the neighbourhood crosses the edge, 2 leave its range by a tenth of the contrast.
    sr[..., 63] -= 0.04
    sr[..., 64] += 0.04
    assert overshoot(sr, lr) == pytest.approx(2 / 8 * 0.1, abs=1e-6)
    assert np.isnan(overshoot(nearest(lr * 0 + 0.5), lr * 0 + 0.5))


def test_sharpness_is_the_gradient_at_edges_without_flat_areas() -> None:
    lr = step(0.3, 0.7)
    ramp = nearest(lr)
    noisy = ramp.clone()
    noisy[..., :20] += 0.05 * torch.randn(3, 128, 20)
    assert sharpness(noisy, lr) == pytest.approx(sharpness(ramp, lr))
    luma = np.tensordot([0.299, 0.587, 0.114], ramp.numpy().astype(float), axes=1)
    y, x = np.gradient(luma)
    near = np.hypot(y, x)[:, 60:68]  # the LR pixels 31 and 32, which have a gradient, and one more on both sides
    assert sharpness(ramp, lr) == pytest.approx(255 * np.sqrt((near**2).mean()), rel=1e-5)
    assert sharpness(imresize(lr, scale=2), lr) < sharpness(ramp, lr)


def test_a_cast_is_measured_and_noise_is_not() -> None:
    lr = torch.rand(3, 64, 64)
    cast = imresize(lr, scale=2) + torch.tensor([6.0, 0.0, -6.0])[:, None, None] / 255
    assert colour_shift(cast, lr) == pytest.approx(6 * np.sqrt(2 / 3), rel=0.02)
    noisy = imresize(lr, scale=2) + 6 / 255 * torch.randn(3, 128, 128)
    assert colour_shift(noisy, lr) < 0.5


@pytest.mark.parametrize("offset", [(0, 0), (3, 5), (7, 1)])
def test_steps_are_those_at_the_borders_of_blocks(offset) -> None:
    random = np.random.default_rng(0)
    blocks = np.kron(random.normal(0.5, 0.02, (9, 9)), np.ones((8, 8)))
    lr = torch.from_numpy(blocks[8 - offset[0] :, 8 - offset[1] :][:64, :64].copy()).expand(3, -1, -1)
    rows, columns = (np.arange(shift or 8, size, 8) for shift, size in zip(offset, lr.shape[1:], strict=True))
    plane = 255 * lr[0].numpy()
    expected = np.mean(
        [np.abs(plane[rows] - plane[rows - 1]).mean(), np.abs(plane[:, columns] - plane[:, columns - 1]).mean()]
    )
    assert block_steps(nearest(lr), 2, offset) == pytest.approx(expected, rel=1e-6)
    assert block_steps(nearest(lr), 2, ((offset[0] + 2) % 8, (offset[1] + 2) % 8)) == pytest.approx(0, abs=1e-9)


def test_rank_correlation_equals_scipys_with_ties() -> None:
    random = np.random.default_rng(0)
    for _ in range(5):
        first, second = random.integers(0, 6, (2, 12))
        assert rank_correlation(first, second) == pytest.approx(stats.spearmanr(first, second).statistic)
    assert rank_correlation([1, 2, 3], [10, 100, 1000]) == pytest.approx(1)
    assert np.isnan(rank_correlation([1, 1, 1], [1, 2, 3]))
    assert np.isnan(rank_correlation([], []))
