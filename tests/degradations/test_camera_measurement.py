"""Measurement of a camera, compared with known kernels and noise."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scenes import scene

from cyclesr.degradations.blur import Blur
from cyclesr.degradations.camera import (
    FREQUENCIES,
    CameraMeasurement,
    kernel_from_mtf,
    measure_files,
    measure_images,
    mtf_of_kernel,
)
from cyclesr.degradations.camera.noise import measure_noise
from cyclesr.errors import UserError
from cyclesr.images.writing import write_image

# As measured on a phone that sharpens and on a DSLR, at 0.02, 0.06 ... 0.46 cycles per pixel.
BANDS = np.arange(0.02, 0.5, 0.04)
PHONE = np.array([1.03, 1.11, 1.19, 1.19, 1.05, 0.83, 0.57, 0.36, 0.22, 0.12, 0.07, 0.04])
DSLR = np.array([0.98, 0.96, 0.96, 0.93, 0.79, 0.60, 0.39, 0.22, 0.11, 0.04, 0.02, 0.01])


def gaussian(sigma: float) -> np.ndarray:
    return np.exp(-2 * (np.pi * sigma * FREQUENCIES) ** 2)


def curve(bands: np.ndarray) -> np.ndarray:
    return np.interp(FREQUENCIES, [0, *BANDS], [1, *bands])


SCENES = [scene(seed) for seed in range(4)]


def seen_by(kernel: torch.Tensor, image: np.ndarray) -> np.ndarray:
    return Blur(kernel)(torch.from_numpy(image.transpose(2, 0, 1))[None].double())[0].numpy().transpose(1, 2, 0)


@pytest.mark.parametrize("mtf", [curve(PHONE), curve(DSLR), gaussian(0.8), gaussian(1.5)], ids=repr)
def test_a_kernel_has_the_requested_mtf(mtf: np.ndarray) -> None:
    kernel = kernel_from_mtf(mtf, 15)
    assert kernel.shape == (15, 15)
    assert kernel.sum().item() == pytest.approx(1, abs=1e-12)
    for turned in (kernel.T, kernel.flip(0), kernel.flip(1)):
        torch.testing.assert_close(kernel, turned)
    np.testing.assert_allclose(mtf_of_kernel(kernel), mtf, atol=0.025)


def test_the_mtf_of_a_gaussian_kernel_is_a_gaussian() -> None:
    axis = np.arange(-10, 11)
    table = np.exp(-(axis[:, None] ** 2 + axis**2) / (2 * 1.3**2))
    np.testing.assert_allclose(mtf_of_kernel(torch.from_numpy(table / table.sum())), gaussian(1.3), atol=1e-4)
    np.testing.assert_allclose(kernel_from_mtf(gaussian(1.3), 21), table / table.sum(), atol=5e-4)


def test_kernel_errors() -> None:
    with pytest.raises(UserError, match="odd"):
        kernel_from_mtf(gaussian(1), 14)
    with pytest.raises(UserError, match="finite"):
        kernel_from_mtf(np.full(len(FREQUENCIES), np.nan))


@pytest.mark.parametrize(
    ("mtf", "noise"),
    [(curve(PHONE), 0.0), (curve(PHONE), 4 / 255), (curve(DSLR), 2 / 255), (gaussian(0.8), 0.0), (gaussian(1.5), 0.02)],
)
def test_the_mtf_of_a_camera_is_found_without_its_scenes(mtf: np.ndarray, noise: float) -> None:
    random = np.random.default_rng(0)
    kernel = kernel_from_mtf(mtf, 21)
    images = [seen_by(kernel, image) for image in SCENES]
    measured = measure_images([image + noise * random.normal(size=image.shape) for image in images])
    np.testing.assert_allclose(measured.mtf[:18], mtf_of_kernel(kernel)[:18], atol=0.1)
    relative = measured.relative_mtf(measure_images(SCENES))
    np.testing.assert_allclose(relative[:18], mtf_of_kernel(kernel)[:18], atol=0.1)


def test_bicubic_images_of_sharp_scenes_have_no_blur() -> None:
    np.testing.assert_allclose(measure_images(SCENES).mtf[:18], 1, atol=0.08)


def test_images_that_differ_have_mtfs_of_their_own() -> None:
    blurs = [0.6, 1.2, 0.6, 1.2, 0.6, 1.2, 0.6, 1.2]
    images = [seen_by(kernel_from_mtf(gaussian(sigma), 15), SCENES[i // 2]) for i, sigma in enumerate(blurs)]
    measured = measure_images(images)
    at = int(np.searchsorted(FREQUENCIES, 0.22))
    truth = np.array([gaussian(sigma)[at] for sigma in blurs])
    np.testing.assert_allclose(np.log(measured.mtfs[:, at] / truth), 0, atol=0.35)
    assert measured.spread[at] == pytest.approx(np.log(truth).std(), rel=0.4)


def test_images_of_one_setting_have_one_mtf_whatever_their_scenes_are() -> None:
    measured = measure_images(
        [*(seen_by(kernel_from_mtf(gaussian(1), 15), one) for one in SCENES), np.zeros((9, 9, 3))]
    )
    assert measured.spread[:18].max() < 0.1
    np.testing.assert_allclose(measured.mtfs[:, :18], measured.mtf[:18] * np.ones((5, 1)), atol=0.03)


def test_images_without_edges_are_errors() -> None:
    flat = measure_images([np.full((64, 64, 3), 90, np.uint8), np.zeros((3, 5, 3), np.uint8)])
    assert [image.edges for image in flat.images] == [0, 0]
    assert flat.images[0].edge_spectra[0] is None
    with pytest.raises(UserError, match="sharp, isolated edges"):
        _ = flat.mtf
    with pytest.raises(UserError, match="no image"):
        measure_images([])


def noisy(noise: np.ndarray, level: float = 0.5) -> np.ndarray:
    """Returns an image of a flat area and a texture, which must not be measured as noise."""
    image = np.full((*noise.shape[:2], 3), level)
    image[:, noise.shape[1] // 2 :] += 0.1 * np.sin(np.arange(noise.shape[1] - noise.shape[1] // 2))[None, :, None]
    return image + noise


@pytest.mark.parametrize("sigma", [1 / 255, 0.02, 0.06])
def test_white_noise(sigma: float) -> None:
    found = measure_noise(noisy(sigma * np.random.default_rng(1).normal(size=(160, 320, 3))))
    assert found.level == pytest.approx(sigma, rel=0.04)
    np.testing.assert_allclose(found.spectrum, 1, atol=0.15)
    np.testing.assert_allclose(found.correlation, 0, atol=0.05)


def test_noise_grows_with_brightness() -> None:
    random = np.random.default_rng(2)
    levels = np.repeat(np.array([0.1, 0.3, 0.45, 0.7, 0.9]), 96)[:, None, None] * np.ones((1, 200, 3))
    found = measure_noise(levels + np.sqrt(0.01**2 + 1e-3 * levels) * random.normal(size=levels.shape))
    np.testing.assert_allclose(found.brightness, [0.1, 0.3, 0.45, 0.7, 0.9], atol=0.01)
    expected = np.sqrt(0.01**2 + 1e-3 * np.array(found.brightness))
    np.testing.assert_allclose(np.mean(found.std, 1), expected, rtol=0.08)
    assert found.shot == pytest.approx(1e-3, rel=0.15)
    assert found.read == pytest.approx(0.01, rel=0.3)


def test_grain_and_colour_of_noise() -> None:
    random = np.random.default_rng(3)
    white = torch.from_numpy(random.normal(size=(1, 3, 200, 400)))
    mixed = torch.einsum("ij,njhw->nihw", torch.tensor([[1, 0.6, 0], [0, 1, 0], [0, 0.6, 1]]).double(), white)
    noise = Blur(sigma=0.8, size=9)(mixed)[0].numpy().transpose(1, 2, 0)
    found = measure_noise(noisy(noise * 0.02 / noise.std()))
    truth = gaussian(0.8) ** 2
    ratio = np.array(found.spectrum) / np.interp(FREQUENCIES, FREQUENCIES, truth)
    np.testing.assert_allclose(ratio[4:15] / ratio[4:15].mean(), 1, atol=0.2)
    np.testing.assert_allclose(found.correlation, np.corrcoef(noise.reshape(-1, 3).T)[[0, 0, 1], [1, 2, 2]], atol=0.06)


def test_texture_is_not_noise() -> None:
    random = np.random.default_rng(4)
    strength = np.kron(random.uniform(0, 0.2, (10, 20)), np.ones((16, 16)))[..., None]
    assert measure_noise(0.5 + strength * random.uniform(-1, 1, (160, 320, 3))) is None


def test_an_image_of_even_texture_does_not_count_as_noisy() -> None:
    random = np.random.default_rng(6)
    images = [0.5 + sigma * random.normal(size=(64, 96, 3)) for sigma in (0.01, 0.02, 0.01, 0.1)]
    measured = measure_images(images)
    assert [round(noise.level, 2) for noise in measured.noises] == [0.01, 0.02, 0.01]
    assert measure_images([np.zeros((9, 9, 3))]).noises == ()


def test_a_slope_needs_a_range_of_brightness() -> None:
    random = np.random.default_rng(5)
    levels = np.repeat(np.array([0.1, 0.2]), 160)[:, None, None] * np.ones((1, 200, 3))
    found = measure_noise(levels + np.sqrt(4e-4 * levels) * random.normal(size=levels.shape))
    assert len(found.brightness) == 2
    assert found.shot == 0
    assert np.sqrt(4e-5) < found.read < np.sqrt(8e-5)


def test_an_image_without_flat_patches_has_no_noise_measurement() -> None:
    assert measure_noise(np.ones((100, 100, 3))) is None  # clipped
    assert measure_noise(np.full((8, 8, 3), 0.5)) is None  # smaller than a patch


def test_a_measurement_survives_json(tmp_path: Path) -> None:
    for index, image in enumerate(SCENES[:2]):
        write_image(tmp_path / f"{index}.png", np.rint(image.clip(0, 1) * 255).astype(np.uint8))
    write_image(tmp_path / "2.png", np.zeros((20, 20, 3), np.uint8))
    measured = measure_files(sorted(tmp_path.iterdir()))
    assert [image.name for image in measured.images] == ["0.png", "1.png", "2.png"]
    restored = CameraMeasurement.from_dict(json.loads(json.dumps(measured.to_dict())))
    assert restored == measured
    np.testing.assert_array_equal(restored.mtf, measured.mtf)
