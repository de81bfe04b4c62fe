"""Kinds of files that other programs write, made by hand, against the arrays that they were made from."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from cyclesr.errors import UserError
from cyclesr.images.picture import check_format, write_bands
from cyclesr.images.reading import Picture, describe_image, image_size, read_image, read_picture

HEIGHT, WIDTH = 24, 40
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH]


def waves(bands: int, white: int = 255) -> np.ndarray:
    kind = np.uint8 if white < 256 else np.uint16
    values = [np.sin(ROWS / (3 + band)) * np.cos(COLUMNS / (4 + band)) for band in range(bands)]
    return np.rint((np.stack(values, -1) + 1) / 2 * white).astype(kind)


def write_tiff(path: Path, data: np.ndarray, **options) -> None:
    tifffile.imwrite(path, data, metadata=None, **options)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_rgba_that_opencv_writes_without_saying_what_the_fourth_sample_is(tmp_path, kind) -> None:
    image = waves(4, np.iinfo(kind).max)
    cv2.imwrite(str(tmp_path / "a.tif"), image[..., [2, 1, 0, 3]])
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert 338 not in file.pages.first.tags
    picture = read_picture(tmp_path / "a.tif")
    assert np.array_equal(picture.alpha, image[..., 3])
    visible = picture.alpha > 0
    assert np.array_equal(picture.pixels[visible], image[visible][:, :3])
    assert np.array_equal(read_image(tmp_path / "a.tif", 4), image)


def test_a_palette_with_alpha(tmp_path) -> None:
    image = Image.fromarray(waves(4)).convert("PA")
    image.save(tmp_path / "a.tif")
    expected = np.asarray(image.convert("RGBA"))
    picture = read_picture(tmp_path / "a.tif")
    assert np.array_equal(picture.alpha, waves(4)[..., 3])
    visible = picture.alpha > 0
    assert np.array_equal(picture.pixels[visible], expected[visible][:, :3])


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("compression", [None, "lzw", "zstd", "lzma"])
@pytest.mark.parametrize("blocks", [{}, dict(tile=(16, 16))])
def test_ycbcr_tiff(tmp_path, planar, compression, blocks) -> None:
    rgb = waves(3)
    stored = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)[..., [0, 2, 1]]
    data = stored if planar == "contig" else np.moveaxis(stored, 2, 0)
    options = dict(photometric="ycbcr", subsampling=(1, 1), planarconfig=planar, compression=compression, **blocks)
    write_tiff(tmp_path / "a.tif", data, **options)
    assert np.abs(read_image(tmp_path / "a.tif").astype(int) - rgb).max() <= 2


def test_cielab_tiff(tmp_path) -> None:
    """Neutral colours stay neutral: libtiff would tint them with the white of paper."""
    gray = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    gray[..., 0] = np.linspace(0, 255, WIDTH)
    write_tiff(tmp_path / "a.tif", gray, photometric="cielab", compression="zlib")
    found = read_image(tmp_path / "a.tif")
    assert np.ptp(found.astype(int), axis=2).max() <= 1
    assert found[0, [0, -1], 0].tolist() == [0, 255]
    deep = gray.astype(np.uint16) * 257
    write_tiff(tmp_path / "b.tif", deep, photometric="cielab")
    assert np.abs(read_image(tmp_path / "b.tif") / 257 - found).max() <= 0.51
    write_tiff(tmp_path / "c.tif", gray, photometric="icclab")
    with pytest.raises(UserError, match=r"ICCLAB.*RGB"):
        read_image(tmp_path / "c.tif")


@pytest.mark.parametrize("compression", ["zstd", "lzma", "webp", "jpeg2000", "jpegxl", "png", "lerc"])
def test_tiff_of_other_compressions(tmp_path, compression) -> None:
    options = dict(compressionargs=dict(lossless=True)) if compression == "webp" else {}
    for kind in (np.uint8,) if compression == "webp" else (np.uint8, np.uint16):
        image = waves(3, np.iinfo(kind).max)
        write_tiff(tmp_path / "a.tif", image, photometric="rgb", compression=compression, **options)
        assert np.array_equal(read_image(tmp_path / "a.tif"), image)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_the_predictor_of_floats(tmp_path, order, kind) -> None:
    image = (waves(3) / 255).astype(kind)
    write_tiff(tmp_path / "a.tif", image, photometric="rgb", compression="zlib", predictor=3, byteorder=order)
    assert np.abs(read_image(tmp_path / "a.tif") / 65535 - image).max() < 1e-5


def test_a_preview_before_the_image(tmp_path) -> None:
    image = waves(3)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(image[::4, ::4], photometric="rgb", subfiletype=1, metadata=None)
        file.write(image, photometric="rgb", metadata=None)
    picture = read_picture(tmp_path / "a.tif")
    assert np.array_equal(picture.pixels, image)
    assert picture.notes == ()
    assert image_size(tmp_path / "a.tif") == (HEIGHT, WIDTH)


def test_tiffs_that_are_not_read_say_why(tmp_path) -> None:
    Image.fromarray(waves(1)[..., 0] > 100).save(tmp_path / "fax.tif", compression="tiff_raw_16")
    cv2.imwrite(str(tmp_path / "log.tif"), waves(3).astype(np.float32), [cv2.IMWRITE_TIFF_COMPRESSION, 34676])
    write_tiff(tmp_path / "bits.tif", waves(1, 65535)[..., 0].astype(np.uint32), bitspersample=24)
    for name, words in (("fax", "CCIRLEW.*LZW"), ("log", "SGILOG.*LZW"), ("bits", "24-bit")):
        for reader in (read_image, describe_image):
            with pytest.raises(UserError, match=rf"{name}\.tif .*{words}"):
                reader(tmp_path / f"{name}.tif")


@pytest.mark.parametrize("white", [1023, 65535])
def test_ppm_of_more_than_8_bits(tmp_path, white) -> None:
    image = waves(3, white)
    header = b"\n# a comment\n%d %d\n%d\n" % (WIDTH, HEIGHT, white)
    (tmp_path / "a.ppm").write_bytes(b"P6" + header + image.astype(">u2").tobytes())
    numbers = " ".join(map(str, image.reshape(-1).tolist())).encode()
    (tmp_path / "b.ppm").write_bytes(b"P3" + header + numbers.replace(b" ", b" # also here\n", 1))
    for name in ("a.ppm", "b.ppm"):
        found = read_image(tmp_path / name)
        assert describe_image(tmp_path / name).bits == 16
        assert np.array_equal(found, np.rint(image * (65535 / white)).astype(np.uint16))
    (tmp_path / "a.ppm").write_bytes((tmp_path / "a.ppm").read_bytes()[:-1])
    with pytest.raises(UserError, match="corrupt"):
        read_image(tmp_path / "a.ppm")


def test_cmyk_in_jpeg_2000(tmp_path) -> None:
    inks = waves(4)
    Image.fromarray(inks, "CMYK").save(tmp_path / "a.jp2", irreversible=False)
    left = 1 - inks.astype(float) / 255
    picture = read_picture(tmp_path / "a.jp2")
    assert picture.alpha is None
    assert np.array_equal(picture.pixels, np.rint(left[..., :3] * left[..., 3:] * 255).astype(np.uint8))


@pytest.mark.parametrize(("kind", "bands"), [(1, 3), (2, 3), (65535, 4)])
def test_the_fourth_sample_of_a_jpeg_2000_is_what_the_file_says(tmp_path, kind, bands) -> None:
    image = waves(4)
    image[..., :3] = np.minimum(image[..., :3], image[..., 3:])
    Image.fromarray(image).save(tmp_path / "a.jp2", irreversible=False)
    data = (tmp_path / "a.jp2").read_bytes()
    at = data.index(b"cdef") + 6 + 3 * 6 + 2
    (tmp_path / "a.jp2").write_bytes(data[:at] + kind.to_bytes(2, "big") + data[at + 2 :])
    contents = describe_image(tmp_path / "a.jp2")
    assert (contents.bands, contents.alpha) == (bands, {1: "straight", 2: "premultiplied"}.get(kind, "none"))
    assert np.array_equal(read_image(tmp_path / "a.jp2", 4), image)


def png_with(path: Path, chunks: list[tuple[bytes, bytes]], image: np.ndarray) -> None:
    """Inserts chunks before the pixels."""
    data = imagecodecs.png_encode(image.squeeze())
    made = [struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in chunks]
    path.write_bytes(data[:33] + b"".join(made) + data[33:])


def test_only_the_bits_of_a_transparent_gray_count(tmp_path) -> None:
    gray = waves(1) // 16 * 16
    png_with(tmp_path / "a.png", [(b"tRNS", struct.pack(">H", 0x300 + 96))], gray)
    assert np.array_equal(read_picture(tmp_path / "a.png").alpha, np.where(gray[..., 0] == 96, 0, 255))


@pytest.mark.parametrize(
    ("chunks", "words"),
    [
        ([(b"gAMA", struct.pack(">I", 100000))], "gAMA"),
        ([(b"gAMA", struct.pack(">I", 45455))], ""),
        ([(b"gAMA", struct.pack(">I", 100000)), (b"sRGB", b"\0")], ""),
        ([(b"cICP", bytes([9, 16, 0, 1]))], "cICP"),
        ([(b"cICP", bytes([1, 13, 0, 1]))], ""),
    ],
)
def test_colours_that_a_png_declares_without_a_profile_are_named(tmp_path, chunks, words) -> None:
    png_with(tmp_path / "a.png", chunks, waves(3))
    picture = read_picture(tmp_path / "a.png")
    assert np.array_equal(picture.pixels, waves(3))
    assert [words in note for note in picture.notes] == [True] * bool(words)


def test_animated_avif_is_its_first_image(tmp_path) -> None:
    frames = [Image.new("RGB", (16, 16), (value,) * 3) for value in (40, 200)]
    frames[0].save(tmp_path / "a.avif", save_all=True, append_images=frames[1:], quality=90)
    picture = read_picture(tmp_path / "a.avif")
    assert abs(int(picture.pixels.mean()) - 40) < 4
    assert "first" in picture.notes[0]


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_webp_keeps_the_profile(tmp_path, mode) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = waves(len(Image.new(mode, (1, 1)).getbands()))
    write_bands(tmp_path / "a.webp", (HEIGHT, WIDTH), [image[:10], image[10:]], profile)
    with Image.open(tmp_path / "a.webp") as found:
        assert found.info["icc_profile"] == profile
        pixels = np.asarray(found.convert("RGBA"))
    expected = np.asarray(Image.fromarray(image.squeeze()).convert("RGBA"))
    assert np.array_equal(pixels, expected)


def test_profiles_that_a_jpeg_cannot_hold_are_named(tmp_path) -> None:
    picture = Picture(waves(3), None, False, bytes(17_000_000))
    with pytest.raises(UserError, match=r"profiles.*16 MB.*\.png"):
        check_format(tmp_path / "a.jpg", picture, 2)
    check_format(tmp_path / "a.png", picture, 2)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (imagecodecs.jpegxl_encode(waves(3)), "JPEG XL.*PNG"),
        (imagecodecs.jpegls_encode(waves(3)), "JPEG-LS.*PNG"),
        (b"<!DOCTYPE html><html>404", "web page.*download"),
        (b"\n <html>", "web page.*download"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer.*git lfs pull"),
        (b"8BPS\0\1", "Photoshop"),
        (b"PK\3\4", "ZIP"),
        (b"", "0 bytes.*corrupt"),
    ],
)
def test_other_files_are_named(tmp_path, data, words) -> None:
    (tmp_path / "a.png").write_bytes(data)
    for reader in (read_image, image_size):
        with pytest.raises(UserError, match=words):
            reader(tmp_path / "a.png")


def test_an_icon_is_named(tmp_path) -> None:
    file = BytesIO()
    Image.new("RGBA", (16, 16)).save(file, "ICO")
    (tmp_path / "a.png").write_bytes(file.getvalue())
    with pytest.raises(UserError, match="icon"):
        read_image(tmp_path / "a.png")
