"""CameraDegradation for images that are not RGB, and for files of 16 bits."""

from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

from cyclesr.degradations.camera import FREQUENCIES, CompressionMeasurement, measure_images
from cyclesr.errors import UserError
from cyclesr.images.jpeg import recompressed, tables_of_quality
from cyclesr.models.translators import CameraDegradation
from cyclesr.models.translators.camera.compression import CameraCompression

FLAT = torch.full((2, 4, 96, 96), 0.5)
SILENT = dict(mtf=[1.0] * len(FREQUENCIES), unexplained=(0.0, 0.0), texture=0.0)


def measured(image: np.ndarray, **options: object) -> CameraDegradation:
    """Returns a translator that draws the noise of one image."""
    camera = measure_images([image])
    made = CameraDegradation(**{**SILENT, **options}, image_channels=image.shape[2])  # type: ignore[arg-type]
    made.take(camera)
    return made


def test_noise_of_bands_is_drawn_as_it_was_measured() -> None:
    torch.manual_seed(0)
    mixing = np.array([[1, 0, 0, 0], [0.9, 0.4, 0, 0], [0, 0, 2, 0], [0, 0, -1, 1]])
    image = 0.5 + 0.01 * np.random.default_rng(0).normal(size=(256, 256, 4)) @ mixing.T
    noise = measured(image, coloured=True).degrade(FLAT) - 0.5
    expected = 1e-4 * mixing @ mixing.T
    np.testing.assert_allclose(np.cov(noise.transpose(0, 1).flatten(1).numpy()), expected, atol=5e-5)


def test_a_gray_crop_is_compressed_as_by_another_program() -> None:
    image = (255 * gaussian_filter(np.random.default_rng(0).random((48, 64, 1)), (2, 2, 0))).astype(np.uint8)
    stream = BytesIO()
    Image.fromarray(image[..., 0]).save(stream, "JPEG", quality=70)
    np.testing.assert_array_equal(
        recompressed(image, tables_of_quality(70), "4:2:0")[..., 0], np.asarray(Image.open(stream))
    )
    compression = CameraCompression()
    compression.measure([CompressionMeasurement("header", 30, None), None])
    crops = torch.from_numpy(image).permute(2, 0, 1).expand(2, -1, -1, -1) / 255
    compressed, plain = compression(crops, torch.tensor([0, 1]))
    assert torch.equal(plain, crops[1])
    assert 0.002 < (compressed - crops[0]).abs().mean() < 0.1


def test_bands_are_not_compressed() -> None:
    with pytest.raises(UserError, match=r"compressed.* 1 or 3 channels, found 4"):
        CameraDegradation(mtf=[1.0] * len(FREQUENCIES), compressed=True, image_channels=4)


def test_images_are_rounded_to_the_depth_of_the_files() -> None:
    ramp = torch.linspace(0.1, 0.2, 1024).view(1, 1, 32, 32)
    for bits, white, levels in ((8, 255, 27), (16, 65535, 1000)):
        made = CameraDegradation(**SILENT, image_channels=1, bits=bits).degrade(ramp)
        assert (white * made - (white * made).round()).abs().max() < 0.01
        assert len(made.unique()) == pytest.approx(levels, abs=24 if bits == 16 else 1)
    with pytest.raises(UserError, match="8 or 16, found 12"):
        CameraDegradation(**SILENT, bits=12)


def test_the_config_says_the_depth_of_sixteen_bit_files_only() -> None:
    image = np.random.default_rng(0).integers(0, 65536, (96, 96, 1)).astype(np.uint16)
    deep, shallow = measure_images([image]), measure_images([(image >> 8).astype(np.uint8)])
    for camera in (deep, shallow):
        camera.__dict__["mtf"] = np.ones(len(FREQUENCIES))  # cached
    assert CameraDegradation.measured({}, deep)["bits"] == 16
    assert "bits" not in CameraDegradation.measured({}, shallow)
