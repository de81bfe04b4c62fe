"""Reading and writing of image files."""

import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from cyclesr.errors import UserError
from cyclesr.images.listing import list_images
from cyclesr.images.reading import image_size, read_image
from cyclesr.images.tensors import to_array, to_tensor
from cyclesr.images.writing import write_image


@pytest.fixture
def rgb() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".tiff", ".PNG"])
def test_lossless_round_trip(tmp_path: Path, rgb: np.ndarray, suffix: str) -> None:
    path = tmp_path / "new" / f"a{suffix}"
    write_image(path, rgb)
    assert (read_image(path) == rgb).all()
    assert (np.asarray(Image.open(path).convert("RGB")) == rgb).all()
    assert image_size(path) == (6, 9)


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".webp"])
def test_lossy_formats_keep_the_channel_order(tmp_path: Path, suffix: str) -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    write_image(tmp_path / f"a{suffix}", red)
    assert np.abs(read_image(tmp_path / f"a{suffix}").astype(int) - red).max() < 6


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bit_round_trip(tmp_path: Path, suffix: str) -> None:
    image = np.random.default_rng(0).integers(0, 65536, (4, 5, 3)).astype(np.uint16)
    write_image(tmp_path / f"a{suffix}", image)
    back = read_image(tmp_path / f"a{suffix}")
    assert back.dtype == np.uint16
    assert (back == image).all()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_gray_is_repeated(tmp_path: Path, kind: type) -> None:
    gray = np.random.default_rng(0).integers(0, 256, (5, 4)).astype(kind)
    cv2.imwrite(str(tmp_path / "g.png"), gray)
    image = read_image(tmp_path / "g.png")
    assert image.dtype == kind
    assert (image == gray[..., None]).all()
    assert image.shape == (5, 4, 3)


def test_alpha_is_dropped_and_the_colour_below_kept(tmp_path: Path, rgb: np.ndarray) -> None:
    alpha = np.full((6, 9, 1), 7, np.uint8)
    Image.fromarray(np.concatenate([rgb, alpha], -1)).save(tmp_path / "a.png")
    assert (read_image(tmp_path / "a.png") == rgb).all()


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    image = np.zeros((16, 32, 3), np.uint8)
    image[:, :16] = 250
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to view
    Image.fromarray(image).save(tmp_path / "a.jpg", exif=exif, quality=95)
    turned = read_image(tmp_path / "a.jpg")
    assert turned.shape == (32, 16, 3) == (*image_size(tmp_path / "a.jpg"), 3)
    assert turned[:14].min() > 200
    assert turned[18:].max() < 50


def test_the_size_of_an_image_is_in_its_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    write_image(path, np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:60])  # signature, header, the first pixels
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", 10)
    assert image_size(path) == (40, 50)
    assert Image.MAX_IMAGE_PIXELS == 10
    Image.new("RGB", (50, 40)).save(tmp_path / "a.jpg", exif=b"Exif\0\0broken")
    assert image_size(tmp_path / "a.jpg") == read_image(tmp_path / "a.jpg").shape[:2] == (40, 50)


def test_metadata_that_pillow_refuses_is_ignored(tmp_path: Path) -> None:
    text = PngInfo()
    text.add_text("comment", "a" * 2_000_000, zip=True)
    Image.new("RGB", (50, 40)).save(tmp_path / "a.png", pnginfo=text)
    with pytest.raises(ValueError, match="too large"):
        Image.open(tmp_path / "a.png")
    assert image_size(tmp_path / "a.png") == (40, 50)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tif"])
@pytest.mark.parametrize("kept", [0.0, 0.5, 0.97])
def test_truncated_file_is_named(tmp_path: Path, suffix: str, kept: float) -> None:
    path = tmp_path / f"broken{suffix}"
    write_image(path, np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(UserError, match=f"broken{suffix}.*corrupt"):
        read_image(path)


def test_truncated_jpeg_with_a_complete_thumbnail_is_detected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jpg"
    write_image(path, np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8))
    whole = path.read_bytes()
    thumbnail = b"\xff\xe1" + (2 + len(whole)).to_bytes(2, "big") + whole
    path.write_bytes(whole[:2] + thumbnail + whole[2:-200])
    monkeypatch.setattr(cv2, "imdecode", lambda *_: np.zeros((40, 40, 3), np.uint8))  # as OpenCV 4 does
    with pytest.raises(UserError, match="corrupt"):
        read_image(path)
    path.write_bytes(whole[:2] + thumbnail + whole[2:])
    assert read_image(path).shape == (40, 40, 3)


def test_other_unreadable_files(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no image")
    for reader in (read_image, image_size):
        with pytest.raises(UserError, match=r"text\.png.*corrupt"):
            reader(tmp_path / "text.png")
        with pytest.raises(UserError, match=r"absent\.png cannot be read"):
            reader(tmp_path / "absent.png")
    (tmp_path / "phone.jpg").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    with pytest.raises(UserError, match=r"phone\.jpg.*HEIC.*JPEG or PNG"):
        read_image(tmp_path / "phone.jpg")
    header = (13).to_bytes(4, "big") + b"IHDR" + (70000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    end = bytes(4) + b"IEND" + zlib.crc32(b"IEND").to_bytes(4, "big")
    checked = header + zlib.crc32(header[4:]).to_bytes(4, "big")
    (tmp_path / "huge.png").write_bytes(b"\x89PNG\r\n\x1a\n" + checked + end)
    with pytest.raises(UserError, match=r"huge\.png.*70000x70000.*limit"):
        read_image(tmp_path / "huge.png")
    cv2.imwrite(str(tmp_path / "float.tif"), np.full((4, 4, 3), 7, np.float32))
    with pytest.raises(UserError, match=r"float\.tif.*float32.*8 or 16 bits"):
        read_image(tmp_path / "float.tif")


def test_write_errors(tmp_path: Path, rgb: np.ndarray) -> None:
    with pytest.raises(UserError, match=r"a\.xyz.*\.png"):
        write_image(tmp_path / "a.xyz", rgb)
    with pytest.raises(UserError, match=r"a\.jpg.*16 bits"):
        write_image(tmp_path / "a.jpg", rgb.astype(np.uint16))
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written"):
        write_image(tmp_path / "file" / "a.png", rgb)


def test_a_write_that_fails_leaves_the_former_image(tmp_path: Path, rgb: np.ndarray, monkeypatch) -> None:
    write_image(tmp_path / "a.png", rgb)
    former = (tmp_path / "a.png").read_bytes()

    def full_disk(self: Path, data: bytes) -> None:
        with self.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(UserError, match=r"a\.png cannot be written: No space left"):
        write_image(tmp_path / "a.png", 255 - rgb)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.png", former)]


def test_listing_is_in_natural_order_and_skips_other_files(tmp_path: Path) -> None:
    for name in ("10.png", "2.PNG", "b.webp", "a.jpeg", ".hidden.png", "notes.txt", "0801x4.tiff"):
        (tmp_path / name).touch()
    (tmp_path / "sub").mkdir()
    assert [p.name for p in list_images(tmp_path)] == ["2.PNG", "10.png", "0801x4.tiff", "a.jpeg", "b.webp"]


def test_listing_errors(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"does not exist"):
        list_images(tmp_path / "none")
    (tmp_path / "IMG_1.HEIC").touch()
    with pytest.raises(UserError, match=r"holds no image.*HEIC.*JPEG or PNG"):
        list_images(tmp_path)
    (tmp_path / "f").touch()
    with pytest.raises(UserError, match=r"is a file"):
        list_images(tmp_path / "f")


def test_number_range(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n:04d}x4w{k}.png" for n in (1, 2, 3) for k in (1, 2)]
    for path in paths:
        path.touch()
    assert list_images(tmp_path, (2, 3)) == paths[2:]
    assert list_images(tmp_path) == paths
    with pytest.raises(UserError, match=r"from 7 to 9.*from 1 to 3"):
        list_images(tmp_path, (7, 9))
    (tmp_path / "photo.png").touch()
    with pytest.raises(UserError, match=r"number.*photo\.png"):
        list_images(tmp_path, (1, 2))


def test_tensors_and_back(rgb: np.ndarray) -> None:
    tensor = to_tensor(rgb)
    assert tensor.shape == (3, 6, 9)
    assert tensor.dtype == torch.float32
    assert tensor[2, 1, 3].item() == pytest.approx(rgb[1, 3, 2] / 255)
    assert (to_array(tensor) == rgb).all()
    deep = rgb.astype(np.uint16) * 257
    torch.testing.assert_close(to_tensor(deep), tensor)
    assert (to_array(to_tensor(deep), bits=16) == deep).all()


def test_to_array_clamps_and_rounds() -> None:
    values = torch.tensor([-0.3, 0.49 / 255, 0.51 / 255, 254.5 / 255, 1.7]).expand(3, 1, 5)
    assert to_array(values)[0, :, 0].tolist() == [0, 0, 1, 255, 255]
