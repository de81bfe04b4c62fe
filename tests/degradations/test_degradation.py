"""Degradations compared with closed forms, scipy and statistics."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve

from cyclesr.degradations.bicubic import Bicubic
from cyclesr.degradations.blur import Blur
from cyclesr.degradations.chain import Chain
from cyclesr.degradations.imresize import imresize
from cyclesr.degradations.kernels import blur_kernel
from cyclesr.degradations.noise import Noise
from cyclesr.degradations.track import TrackDegradation
from cyclesr.errors import UserError
from cyclesr.registry import DEGRADATIONS


def moments(kernel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the mean (x, y) and the covariance of a kernel as a probability distribution."""
    half = kernel.shape[0] // 2
    y, x = torch.meshgrid(*[torch.arange(-half, half + 1, dtype=kernel.dtype)] * 2, indexing="ij")
    places = torch.stack([x, y]).flatten(1)
    mean = places @ kernel.flatten()
    centred = places - mean[:, None]
    return mean, centred * kernel.flatten() @ centred.T


def test_kernel_has_the_requested_covariance() -> None:
    mean, covariance = moments(blur_kernel(3.2, 1.8, 30, size=41))
    turn = np.deg2rad(30)
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    np.testing.assert_allclose(mean, 0, atol=1e-9)
    np.testing.assert_allclose(covariance, axes @ np.diag([3.2**2, 1.8**2]) @ axes.T, rtol=1e-6)


def test_motion_and_shift_move_the_moments() -> None:
    mean, covariance = moments(blur_kernel(1.0, length=6, direction=90, shift=(0.25, -1.5), size=31))
    np.testing.assert_allclose(mean, [-1.5, 0.25], atol=1e-6)
    # a path of 49 equally spaced points from -3 to 3 has variance 3 ** 2 / 3 * (50 / 48)
    np.testing.assert_allclose(covariance, np.diag([1.0, 1.0 + 3 * 50 / 48]), atol=1e-4)


def test_kernel_default_size_covers_three_sigma() -> None:
    assert blur_kernel(2.0, 1.0).shape == (13, 13)
    assert blur_kernel(2.0).sum().item() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("wrong", [dict(sigma_x=0.0), dict(sigma_x=1.0, sigma_y=-1.0), dict(sigma_x=1.0, size=4)])
def test_kernel_errors(wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"positive sigmas|odd"):
        blur_kernel(**wrong)


def test_blur_equals_the_convolution_of_scipy() -> None:
    rng = np.random.default_rng(0)
    image, kernel = rng.random((12, 9)), rng.random((5, 7))
    expected = convolve(image, kernel / kernel.sum(), mode="reflect")
    blurred = Blur(kernel=kernel.tolist())(torch.from_numpy(image).expand(2, 3, 12, 9))
    np.testing.assert_allclose(blurred[1, 2], expected, atol=1e-12)


def test_blur_shifts_the_image_towards_the_centre_of_mass() -> None:
    dot = torch.zeros(1, 3, 9, 9)
    dot[..., 4, 4] = 1
    moved = Blur(kernel=blur_kernel(0.3, shift=(0, 2)))(dot)
    assert moved[0, 0].argmax().item() == 4 * 9 + 6


def test_blur_of_sigma_equals_blur_of_its_kernel() -> None:
    image = torch.rand(1, 3, 16, 16)
    assert torch.equal(Blur(sigma=2.0, sigma_y=1.0, angle=20)(image), Blur(kernel=blur_kernel(2.0, 1.0, 20))(image))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "kernel or sigma.*neither"),
        (dict(kernel=[[1.0]], sigma=1.0), "kernel or sigma.*both"),
        (dict(kernel=[[1.0, 1.0]]), r"odd sides.*\(1, 2\)"),
        (dict(sigma=0), "positive sigmas, found 0"),
        (dict(sigma=1.0, sigma_y=-2.0), "positive sigmas.*-2"),
        (dict(sigma=1.0, size=4), "odd size, found 4"),
    ],
)
def test_blur_errors(wrong: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Blur(**wrong)


def test_bicubic_is_imresize_clamped() -> None:
    hr = torch.zeros(2, 3, 16, 24)
    hr[..., 8:] = 1
    exact = imresize(hr, 0.25)
    assert exact.min() < 0
    assert torch.equal(Bicubic(4)(hr), exact.clamp(0, 1))
    assert torch.equal(Bicubic(4, border="replicate")(hr), imresize(hr, 0.25, border="replicate").clamp(0, 1))


def test_bicubic_needs_a_multiple_of_the_scale() -> None:
    with pytest.raises(UserError, match=r"18x21.*4.*16x20"):
        Bicubic(4)(torch.zeros(1, 3, 18, 21))


@pytest.mark.parametrize("level", [0.2, 0.6])
def test_noise_has_the_stated_variance(level: float) -> None:
    torch.manual_seed(0)
    noisy = Noise(read=0.02, shot=0.001)(torch.full((4, 3, 100, 100), level))
    assert noisy.mean().item() == pytest.approx(level, abs=5e-4)
    assert noisy.var().item() == pytest.approx(0.02**2 + 0.001 * level, rel=0.03)


def test_noise_differs_in_each_call_and_is_clamped() -> None:
    noise, white = Noise(read=0.1), torch.ones(1, 3, 8, 8)
    first, second = noise(white), noise(white)
    assert not torch.equal(first, second)
    assert first.max() == 1
    assert torch.equal(Noise()(white), white)
    with pytest.raises(UserError, match=r"at least 0.*read=-1"):
        Noise(read=-1)


def test_chain_from_a_config() -> None:
    hr = torch.rand(1, 3, 16, 16)
    steps = [dict(type="Blur", sigma=1.5), dict(type="Bicubic", scale=2)]
    chain = DEGRADATIONS.build(dict(type="Chain", steps=steps))
    assert torch.equal(chain(hr), Bicubic(2)(Blur(sigma=1.5)(hr)))
    assert torch.equal(Chain([Blur(sigma=1.5), Bicubic(2)])(hr), chain(hr))


def manifest(folder: Path, *sigmas: float) -> Path:
    images = {f"{i}x2.png": {"kernel": {"sigma_x": sigma}} for i, sigma in enumerate(sigmas)}
    path = folder / "manifest.json"
    path.write_text(json.dumps({"scale": 2, "images": images}))
    return path


def test_track_degradation_reads_the_kernel(tmp_path: Path) -> None:
    hr = torch.rand(1, 3, 16, 16)
    path = manifest(tmp_path, 1.0, 2.0)
    assert torch.equal(TrackDegradation(path, "1x2.png")(hr), Bicubic(2)(Blur(sigma=2.0)(hr)))
    with pytest.raises(UserError, match=r"different kernels.*'image'"):
        TrackDegradation(path)
    with pytest.raises(UserError, match=r"'7x2\.png'.*'0x2\.png'"):
        TrackDegradation(path, "7x2.png")


def test_track_degradation_of_a_shared_kernel(tmp_path: Path) -> None:
    hr = torch.rand(1, 3, 16, 16)
    assert torch.equal(TrackDegradation(manifest(tmp_path, 1.0, 1.0))(hr), Bicubic(2)(Blur(sigma=1.0)(hr)))
    with pytest.raises(UserError, match=r"absent\.json.*prepare track"):
        TrackDegradation(tmp_path / "absent.json")
