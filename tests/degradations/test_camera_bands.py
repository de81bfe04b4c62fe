"""Measurement of images that are not RGB, against the same images as RGB, and against what they were made of."""

from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from scenes import scene

from cyclesr.degradations.camera import CameraMeasurement, measure_files, measure_images, patches_of_files
from cyclesr.degradations.camera.compression import measure_compression
from cyclesr.degradations.camera.groups import group_images
from cyclesr.degradations.camera.noise import flat_corners
from cyclesr.degradations.camera.summary import summarise_compression, summarise_noise
from cyclesr.errors import UserError

CORRELATIONS = (0.8, 0.1, 0.0, 0.3, 0.0, 0.5)  # of 0-1, 0-2, 0-3, 1-2, 1-3 and 2-3
LEVELS = np.array([0.01, 0.02, 0.03, 0.015])


def gray_scene(seed: int) -> np.ndarray:
    noise = 0.01 * np.random.default_rng(seed).normal(size=(160, 160, 1))
    image = scene(seed, 160).mean(2, keepdims=True) + noise
    return (65535 * image.clip(0, 1)).round().astype(np.uint16)


GRAY = [gray_scene(seed) for seed in range(3)]


def test_gray_images_measure_as_rgb_images_of_three_equal_bands() -> None:
    gray, rgb = measure_images(GRAY), measure_images([image.repeat(3, 2) for image in GRAY])
    assert (gray.channels, rgb.channels, gray.bits) == (1, 3, 16)
    assert gray.edges == rgb.edges > 500
    np.testing.assert_allclose(gray.mtf, rgb.mtf, rtol=1e-6)
    for one, other in zip(gray.noises, rgb.noises, strict=True):
        np.testing.assert_allclose(np.repeat(one.std, 3, 1), other.std, rtol=1e-4)
        np.testing.assert_allclose((one.read, one.shot), (other.read, other.shot), rtol=1e-4)
        np.testing.assert_allclose(one.spectrum, other.spectrum, rtol=1e-4)
        assert (one.correlation, other.correlation) == ((), pytest.approx((1, 1, 1)))
    summary = summarise_noise(gray)
    assert summary is not None
    assert summary.correlation is None
    assert len(group_images(gray)) == 1
    image = GRAY[0] / 65535
    np.testing.assert_array_equal(flat_corners(image), flat_corners(image.repeat(3, 2)))


def test_sharpness_of_bands_is_that_of_their_mean() -> None:
    bands = [np.concatenate([scene(seed, 160), scene(seed, 160)[..., :1] ** 2], 2) for seed in range(2)]
    mean = measure_images([image.mean(2, keepdims=True) for image in bands])
    np.testing.assert_allclose(measure_images(bands).mtf, mean.mtf, rtol=1e-6)


def test_noise_is_measured_in_each_band_and_between_them() -> None:
    rows, columns = np.triu_indices(4, 1)
    correlation = np.eye(4)
    correlation[rows, columns] = correlation[columns, rows] = CORRELATIONS
    mixing = np.linalg.cholesky(correlation * np.outer(LEVELS, LEVELS))
    image = 0.5 + np.random.default_rng(0).normal(size=(320, 320, 4)) @ mixing.T
    (noise,) = measure_images([image]).noises
    np.testing.assert_allclose(np.mean(noise.std, 0), LEVELS, rtol=0.1)
    np.testing.assert_allclose(noise.correlation, CORRELATIONS, atol=0.08)
    summary = summarise_noise(measure_images([image]))
    assert summary is not None
    np.testing.assert_allclose(summary.bands, np.mean(noise.std, 0))
    assert summary.correlation == pytest.approx(np.mean(CORRELATIONS), abs=0.05)


def test_gray_jpegs_have_a_quality_and_no_chroma_and_bands_are_no_jpegs(tmp_path: Path) -> None:
    image = (255 * scene(0, 160).mean(2)).round().astype(np.uint8)
    stream = BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=60)
    (tmp_path / "a.jpg").write_bytes(stream.getvalue())
    pixels = np.asarray(Image.open(stream))[..., None]
    found = measure_compression(pixels / 255)
    as_rgb = measure_compression(pixels.repeat(3, 2) / 255)
    assert found is not None
    assert as_rgb is not None
    assert (found.quality, found.offset, found.subsampling) == (as_rgb.quality, as_rgb.offset, None)
    assert abs(found.quality - 60) <= 1
    camera = measure_files([tmp_path / "a.jpg"], channels=1)
    summary = summarise_compression(camera)
    assert (summary.qualities, summary.subsamplings) == ((60,), {})
    assert measure_compression(pixels.repeat(4, 2) / 255) is None


def test_values_of_twelve_bits_in_sixteen_are_named_with_the_factor() -> None:
    dark = measure_images([image >> 4 for image in GRAY])
    assert (measure_images(GRAY).headroom, dark.headroom) == (1, 16)
    assert measure_images([np.full((64, 64, 3), 5, np.uint8)]).headroom == 1
    flat = measure_images([np.full((64, 64, 1), 4095, np.uint16)])
    with pytest.raises(UserError, match=r"edges.*1/16 of the range.*multiply their values by 16"):
        _ = flat.mtf


def test_a_measurement_of_bands_survives_json_and_finds_its_files(tmp_path: Path) -> None:
    image = np.random.default_rng(0).normal(30000, 300, (64, 64, 4)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", image, photometric="minisblack", planarconfig="contig")
    camera = measure_files([tmp_path / "a.tif"], channels=4)
    again = CameraMeasurement.from_dict(camera.to_dict())
    assert asdict(again.images[0]) == asdict(camera.images[0])
    assert (again.channels, again.bits) == (4, 16)
    (patches,) = patches_of_files([tmp_path / "a.tif"], again)
    assert patches.shape[1:] == (4, 16, 16)
    np.testing.assert_allclose(patches.std(), 1, rtol=0.05)
