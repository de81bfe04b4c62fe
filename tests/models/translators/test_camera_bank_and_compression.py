"""CameraDegradation: noise from flat patches of the images, and their JPEG compression."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from test_camera_images import SHARP, Camera, measured_noise, ratio

from cyclesr.degradations.camera import CompressionMeasurement, measure_files
from cyclesr.degradations.camera.compression import luma_table, measure_compression
from cyclesr.images import write_image
from cyclesr.images.jpeg import recompressed, tables_of_quality
from cyclesr.models.translators import CameraDegradation
from cyclesr.models.translators.camera.compression import CameraCompression
from cyclesr.models.translators.camera.noise_bank import NoiseBank


def grained(folder: Path, levels: tuple[float, ...]) -> tuple[list[Path], np.ndarray]:
    """Flat images with gray grain of some levels; returns also such grain of variance 1."""
    random, paths = np.random.default_rng(0), []
    grain = gaussian_filter(random.normal(size=(len(levels), 256, 256)), (0, 1, 1))
    grain /= grain.std()
    for index, level in enumerate(levels):
        image = np.repeat(0.5 + level * grain[index, :, :, None], 3, 2)
        paths.append(folder / f"{index}.png")
        write_image(paths[-1], np.round(255 * image).astype(np.uint8))
    return paths, grain


def test_noise_of_the_bank_is_that_of_the_image(tmp_path: Path) -> None:
    torch.manual_seed(0)
    paths, grain = grained(tmp_path, (0.02, 0.06))
    made = CameraDegradation(list(SHARP), unexplained=(0.0, 0.0), texture=0.0, bank=True)
    made.take(Camera([SHARP] * 2, [measured_noise(0.02), measured_noise(0.06)]), paths)
    noise = (made.degrade(torch.full((48, 3, 64, 64), 0.5)) - 0.5).numpy()
    levels = noise.std((1, 2, 3))
    strong = levels > 0.04
    assert 12 < strong.sum() < 36
    assert (levels[~strong].mean(), levels[strong].mean()) == pytest.approx((0.02, 0.06), rel=0.07)
    assert np.abs(noise - noise[:, :1]).max() <= 1.01 / 255  # gray, as the grain is
    assert ratio(noise[:, 0], 0.25, 0.1) == pytest.approx(ratio(grain[:, :64, :64], 0.25, 0.1), rel=0.15)


def test_every_sample_of_the_bank_is_one_of_the_drawn_image(tmp_path: Path) -> None:
    paths, _ = grained(tmp_path, (0.02, 0.06))
    bank = NoiseBank()
    bank.measure(Camera([SHARP] * 2, [measured_noise(0.02), measured_noise(0.06)]), paths)
    drawn = bank(torch.zeros(2, 3, 70, 41), torch.tensor([1, 0])).numpy()
    for noise, image in zip(drawn, (1, 0), strict=True):
        first, count = int(bank.first[image]), int(bank.count[image])
        assert np.isin(noise, bank.patches[first : first + count].numpy()).all()
        assert not np.isin(noise, np.delete(bank.patches.numpy(), np.s_[first : first + count], 0)).all()


def test_recompression_is_that_of_another_encoder() -> None:
    """OpenCV's, which has the same tables."""
    random = np.random.default_rng(0)
    image = (255 * gaussian_filter(random.random((48, 64, 3)), (2, 2, 0))).astype(np.uint8)
    options = [cv2.IMWRITE_JPEG_QUALITY, 70, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422]
    expected = cv2.imdecode(cv2.imencode(".jpg", image[..., ::-1], options)[1], cv2.IMREAD_COLOR)[..., ::-1]
    made = recompressed(image, tables_of_quality(70), "4:2:2")
    assert np.abs(made.astype(int) - expected).max() <= 1
    np.testing.assert_array_equal(tables_of_quality(70)[0], luma_table(70).ravel())


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
def test_crops_are_compressed_as_the_image_was(subsampling: str) -> None:
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    image = np.clip(0.5 + 0.8 * gaussian_filter(random.normal(size=(256, 256, 3)), (2, 2, 0.5)), 0, 1)
    compression = CameraCompression()
    compression.measure([CompressionMeasurement("pixels", 60, subsampling)])  # type: ignore[arg-type]
    crop = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    first = torch.zeros(1, dtype=torch.long)
    found = [measure_compression(compression(crop, first)[0].permute(1, 2, 0).double().numpy()) for _ in range(3)]
    assert all(one is not None and abs(one.quality - 60) <= 1 and one.subsampling == subsampling for one in found)
    assert len({one.offset for one in found if one is not None}) > 1  # a crop begins anywhere in a block


def test_files_without_compression_stay_as_they_are_and_tables_are_those_of_the_header(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    image = (255 * gaussian_filter(random.random((64, 64, 3)), (1, 1, 0))).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "0.png"), image)
    cv2.imwrite(str(tmp_path / "1.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 30])
    compression = CameraCompression()
    compression.measure([one.compression for one in measure_files(sorted(tmp_path.iterdir())).images])
    assert tuple(compression.tables[1, 0].tolist()) == tables_of_quality(30)[0]
    crops = torch.from_numpy(image).permute(2, 0, 1).expand(2, -1, -1, -1) / 255
    plain, compressed = compression(crops, torch.tensor([0, 1]))
    assert torch.equal(plain, crops[0])
    assert 0.005 < (compressed - crops[1]).abs().mean() < 0.1
