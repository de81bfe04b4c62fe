"""JPEG compression, against files that Pillow wrote with known quality and subsampling."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cyclesr.degradations.camera.compression import (
    luma_table,
    measure_compression,
    quality_of_table,
    read_compression,
)
from cyclesr.degradations.camera.measurement import measure_files
from cyclesr.images.jpeg import SUBSAMPLINGS, encode_jpeg


def cloud() -> np.ndarray:
    """Noise with the spectrum of photographs, 1 / f in amplitude, in luminance and in chrominance."""
    y, x = np.fft.fftfreq(256)[:, None, None], np.fft.fftfreq(320)[None, :, None]
    white = np.fft.fft2(np.random.default_rng(0).normal(size=(256, 320, 3)), axes=(0, 1))
    planes = np.fft.ifft2(white / np.maximum(np.hypot(y, x), 1 / 256), axes=(0, 1)).real
    return np.clip(128 + 35 * planes / planes.std((0, 1)), 0, 255).astype(np.uint8)


PICTURE = cloud()


def compressed(quality: int, subsampling: str = "4:2:0") -> np.ndarray:
    with Image.open(BytesIO(encode_jpeg(PICTURE, quality, subsampling))) as image:
        return np.array(image) / 255


@pytest.mark.parametrize("quality", [1, 10, 49, 50, 51, 75, 90, 100])
def test_tables_are_those_of_pillow(quality: int) -> None:
    with Image.open(BytesIO(encode_jpeg(PICTURE, quality))) as image:
        np.testing.assert_array_equal(luma_table(quality).ravel(), image.quantization[0])
    assert quality_of_table(luma_table(quality)) == quality


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_header(tmp_path: Path, subsampling: str) -> None:
    (tmp_path / "a.jpg").write_bytes(encode_jpeg(PICTURE, 83, subsampling))
    (tmp_path / "b.png").write_bytes((tmp_path / "a.jpg").read_bytes())  # whatever the file is named
    Image.fromarray(PICTURE).save(tmp_path / "c.png")
    for name in ("a.jpg", "b.png"):
        found = read_compression(tmp_path / name)
        assert (found.source, found.quality, found.subsampling) == ("header", 83, subsampling)
        assert [len(table) for table in found.tables] == [64, 64]
    assert read_compression(tmp_path / "c.png") is None
    images = measure_files(sorted(tmp_path.iterdir())).images
    assert [image.compression and image.compression.quality for image in images] == [83, 83, None]


@pytest.mark.parametrize("quality", [30, 60, 85, 95])
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_pixels(quality: int, subsampling: str) -> None:
    found = measure_compression(compressed(quality, subsampling))
    assert (found.source, found.offset) == ("pixels", (0, 0))
    assert abs(found.quality - quality) <= 1
    if quality < 95:  # above, blocks of chrominance hardly have edges
        assert found.subsampling == subsampling


@pytest.mark.parametrize("cut", [(3, 5), (8, 0), (0, 15)])
def test_a_crop_has_its_blocks_elsewhere(cut: tuple[int, int]) -> None:
    found = measure_compression(compressed(75)[cut[0] :, cut[1] :])
    assert found.offset == (-cut[0] % 8, -cut[1] % 8)
    assert abs(found.quality - 75) <= 1
    assert found.subsampling == "4:2:0"


def test_what_was_never_compressed_or_was_resized_since_shows_nothing() -> None:
    assert measure_compression(PICTURE / 255) is None
    smaller = compressed(60)[: 256 // 3 * 3, : 320 // 3 * 3].reshape(85, 3, 106, 3, 3).mean((1, 3))
    assert measure_compression(np.rint(255 * smaller) / 255) is None
    assert measure_compression(np.full((9, 9, 3), 0.5)) is None
