"""Images written band by band, read back by the decoders of OpenCV and Pillow."""

from io import BytesIO
from itertools import product

import cv2
import numpy as np
import pytest
from PIL import Image

from cyclesr.images.png_stream import write_png
from cyclesr.images.reading import read_picture
from cyclesr.images.tiff_stream import write_tiff

WRITERS = dict(png=write_png, tiff=write_tiff)
# Without 8-bit TIFF with alpha, because OpenCV multiplies its colours by alpha; the test with Pillow covers it.
KINDS = sorted({*product(WRITERS, (1, 3, 4), ("uint8", "uint16"))} - {("tiff", 4, "uint8")})


def stored(kind: str, image: np.ndarray, cuts: list[int]) -> BytesIO:
    file = BytesIO()
    WRITERS[kind](file, image.shape[:2], iter(np.split(image, cuts)))
    file.seek(0)
    return file


def random_image(height: int, width: int, channels: int, dtype: str = "uint8") -> np.ndarray:
    return np.random.default_rng(height).integers(0, np.iinfo(dtype).max + 1, (height, width, channels), dtype)


@pytest.mark.parametrize(("kind", "channels", "dtype"), KINDS)
@pytest.mark.parametrize(("height", "cuts"), [(1, []), (150, [1, 2, 70, 149]), (64, [32]), (200, [])])
def test_opencv_reads_the_pixels_back(kind, channels, dtype, height, cuts) -> None:
    image = random_image(height, 17, channels, dtype)
    found = cv2.imdecode(np.frombuffer(stored(kind, image, cuts).getvalue(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert found.dtype == dtype
    order = [2, 1, 0, 3][:channels] if channels > 1 else [0]
    assert np.array_equal(found.reshape(image.shape)[..., order], image)


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_pillow_reads_the_pixels_back(kind, channels, mode) -> None:
    image = random_image(90, 31, channels)
    with Image.open(stored(kind, image, [40])) as found:
        found.load()  # checks checksums
        assert found.mode == mode
        assert np.array_equal(np.asarray(found).reshape(image.shape), image)


def test_the_bands_do_not_change_a_tiff() -> None:
    image = random_image(100, 9, 3)
    assert stored("tiff", image, [3, 50]).getvalue() == stored("tiff", image, []).getvalue()


def test_png_is_about_as_small_as_that_of_opencv() -> None:
    waves = np.sin(np.arange(400)[:, None] / 30) + np.cos(np.arange(600) / 20)
    image = np.repeat(((waves + 2) * 60).astype(np.uint8)[..., None], 3, 2)
    size = len(stored("png", image, [100]).getvalue())
    assert size < 1.1 * len(cv2.imencode(".png", image)[1])


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("shape", [(9, 8, 3), (11, 8, 3), (10, 7, 3)])
def test_bands_of_another_size_are_errors(kind, shape) -> None:
    with pytest.raises(ValueError, match="image of"):
        WRITERS[kind](BytesIO(), (10, 8), iter([np.zeros(shape, np.uint8)]))


def test_an_image_of_more_than_four_gigabytes_is_a_bigtiff(monkeypatch) -> None:
    image = random_image(40, 8, 3)
    assert stored("tiff", image, []).getvalue()[2] == 42
    monkeypatch.setattr("cyclesr.images.tiff_stream._LARGEST_TIFF", 900)
    file = stored("tiff", image, [7])
    assert file.getvalue()[2] == 43
    with Image.open(file) as found:
        assert np.array_equal(np.asarray(found), image)


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_gray_with_alpha(tmp_path, kind, dtype) -> None:
    image = random_image(40, 17, 2, dtype)
    image[..., 1] |= 1  # nothing is invisible
    (tmp_path / "a").write_bytes(stored(kind, image, [7]).getvalue())
    found = read_picture(tmp_path / "a")
    assert found.gray
    assert np.array_equal(found.pixels, image[..., :1].repeat(3, 2))
    assert np.array_equal(found.alpha, image[..., 1])


@pytest.mark.parametrize("kind", WRITERS)
def test_equal_pictures_are_equal_files(kind) -> None:
    image = random_image(100, 9, 3)
    assert stored(kind, image, []).getvalue() == stored(kind, image.copy(), []).getvalue()
