"""Flat patches are samples of an image's noise, and of nothing else."""

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from cyclesr.degradations.camera import CameraMeasurement, ImageMeasurement, patches_of_files
from cyclesr.degradations.camera.flat_patches import flat_patches
from cyclesr.degradations.camera.noise import NoiseMeasurement
from cyclesr.errors import UserError
from cyclesr.images import write_image

LEVEL = NoiseMeasurement((0.5,), ((0.02, 0.02, 0.02),), 0.02, 0.0, (1.0,) * 26, (0.0, 0.0, 0.0))


def half_flat(random: np.random.Generator) -> np.ndarray:
    """Shading with noise of standard deviation 0.02 on the left, stripes on the right."""
    noise = gaussian_filter(random.normal(size=(256, 256, 3)), (0.8, 0.8, 0))
    image = np.linspace(0.4, 0.6, 256)[:, None, None] + 0.02 * noise / noise.std()
    image[:, 128:] += 0.2 * np.sin(np.arange(128))[:, None]
    return np.asarray(image)


def test_samples_come_from_flat_parts_and_have_variance_1() -> None:
    samples = flat_patches(half_flat(np.random.default_rng(0)), LEVEL, 999)
    assert len(samples) == 31 * 15  # all windows on the left, every 8 px
    np.testing.assert_allclose(samples.mean((2, 3)), 0, atol=1e-4)
    assert samples.std() == pytest.approx(1, rel=0.07)  # the plane takes a part of grain
    neighbours = (samples[..., 1:] * samples[..., :-1]).mean() / samples.var()
    assert neighbours == pytest.approx(np.exp(-1 / (4 * 0.8**2)), abs=0.06)  # autocorrelation of the Gaussian
    assert len(flat_patches(half_flat(np.random.default_rng(0)), LEVEL, 10)) == 10


def test_clipped_and_noise_free_images_give_no_sample() -> None:
    for image in (np.ones((64, 64, 3)), np.full((64, 64, 3), 0.5), np.full((9, 64, 3), 0.5)):
        assert len(flat_patches(image, LEVEL, 10)) == 0


def test_an_image_without_flat_patches_has_those_of_another(tmp_path: Path) -> None:
    first = half_flat(np.random.default_rng(0))
    stripes = np.broadcast_to((0.5 + 0.2 * np.sin(np.arange(64)))[:, None, None], (64, 64, 3))
    paths = [tmp_path / "0.png", tmp_path / "1.png"]
    for path, image in zip(paths, (stripes, first), strict=True):
        write_image(path, np.round(255 * image).astype(np.uint8))
    camera = CameraMeasurement(tuple(ImageMeasurement("", 9, 9, 0, (), (), noise, None) for noise in (None, LEVEL)))
    without, own = patches_of_files(paths, camera)
    assert len(own) == 465
    np.testing.assert_array_equal(without, own)
    with pytest.raises(UserError, match="None of the 1 images has a flat patch"):
        patches_of_files(paths[:1], CameraMeasurement(camera.images[:1]))
    with pytest.raises(UserError, match="needs the 2 files"):
        patches_of_files(paths[:1], camera)
