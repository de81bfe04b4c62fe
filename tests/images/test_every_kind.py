"""Every kind of image file against an independent reading: the array that it was made from."""

import io
import os
import struct
import warnings
import zlib
from itertools import product
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from cyclesr.errors import UserError
from cyclesr.images.reading import Picture, describe_image, image_size, read_image, read_picture

HEIGHT, WIDTH = 19, 37
BANDS = {"gray": 1, "gray_alpha": 2, "rgb": 3, "rgba": 4, "bands2": 2, "bands5": 5}
ALPHA = ("gray_alpha", "rgba")
COMPRESSIONS = (None, "lzw", "zlib", "packbits")
LAYOUTS = [dict(planarconfig="contig"), dict(planarconfig="separate")]
BLOCKS = [dict(rowsperstrip=7), dict(tile=(16, 16))]


def smooth(bands: int, dtype: str = "uint8", white: int | None = None) -> np.ndarray:
    """Waves of every band, (H, W, bands), over the whole range of values, with a little noise."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    waves = [np.sin(rows / (3 + band)) * np.cos(columns / (4 + 2 * band)) for band in range(bands)]
    image = (np.stack(waves, -1) + 1) / 2 + np.random.default_rng(bands).normal(0, 0.02, (HEIGHT, WIDTH, bands))
    image = (image - image.min()) / (image.max() - image.min())
    return np.rint(image * (white or np.iinfo(dtype).max)).astype(dtype)


def extrasamples(kind: str, alpha: str) -> list[str] | None:
    if kind in ALPHA:
        return [alpha]
    return ["unspecified"] * (BANDS[kind] - 1) if kind.startswith("bands") else None


def write_tiff(path: Path, image: np.ndarray, kind: str, alpha: str = "unassalpha", **options) -> None:
    photometric = options.pop("photometric", "rgb" if kind.startswith("rgb") else "minisblack")
    data = image
    if options.get("planarconfig") == "separate" and image.shape[2] > 1:
        data = np.moveaxis(image, 2, 0)
    else:
        options.pop("planarconfig", None)
        data = image if image.shape[2] > 1 else image[..., 0]
    kind_of_file = {key: options.pop(key) for key in ("bigtiff", "byteorder") if key in options}
    with tifffile.TiffWriter(path, **kind_of_file) as file:
        file.write(data, photometric=photometric, extrasamples=extrasamples(kind, alpha), metadata=None, **options)


def expect(picture: Picture, colours: np.ndarray, alpha: np.ndarray | None = None) -> None:
    assert picture.pixels.dtype == colours.dtype
    assert picture.gray == (colours.shape[2] == 1)
    visible = np.ones(colours.shape[:2], bool) if alpha is None else alpha > 0
    assert np.array_equal(picture.pixels[visible], np.broadcast_to(colours, picture.pixels.shape)[visible])
    if alpha is None:
        assert picture.alpha is None
    else:
        assert np.array_equal(picture.alpha, alpha)


def expect_tiff(path: Path, image: np.ndarray, kind: str) -> None:
    if kind.startswith("bands"):
        assert np.array_equal(read_image(path, BANDS[kind]), image)
        for reader in (read_image, describe_image):
            with pytest.raises(UserError, match=rf"{path.name} has {BANDS[kind]} bands.* 3 .*channels={BANDS[kind]}"):
                reader(path)
    elif kind in ALPHA:
        expect(read_picture(path), image[..., :-1], image[..., -1])
    else:
        expect(read_picture(path), image)


@pytest.mark.parametrize("kind", BANDS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize(("layout", "blocks"), list(product(LAYOUTS, BLOCKS)))
def test_tiff(tmp_path, kind, dtype, layout, blocks) -> None:
    image = smooth(BANDS[kind], dtype)
    orders = [dict(byteorder=order, bigtiff=big) for order in "<>" for big in (False, True)]
    for number, compression in enumerate(COMPRESSIONS):
        path = tmp_path / f"{compression}.tif"
        write_tiff(path, image, kind, compression=compression, **layout, **blocks, **orders[number])
        assert image_size(path, BANDS[kind]) == (HEIGHT, WIDTH)
        expect_tiff(path, image, kind)
    write_tiff(tmp_path / "p.tif", image, kind, compression="zlib", predictor=True, **layout, **blocks)
    expect_tiff(tmp_path / "p.tif", image, kind)


@pytest.mark.parametrize("kind", ["gray", "gray_alpha", "rgb", "rgba", "bands5"])
@pytest.mark.parametrize("bits", [10, 12, 14])
def test_tiff_of_10_to_14_bits(tmp_path, kind, bits) -> None:
    white = 2**bits - 1
    image = smooth(BANDS[kind], "uint16", white)
    write_packed(tmp_path / "a.tif", image, bits, kind)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert file.pages.first.bitspersample == bits
    expect_tiff(tmp_path / "a.tif", np.rint(image.astype(float) * 65535 / white).astype(np.uint16), kind)


def write_packed(path: Path, image: np.ndarray, bits: int, kind: str) -> None:
    """Writes a TIFF whose samples are packed to so many bits, each row to whole bytes."""
    rows = image.reshape(len(image), -1)
    digits = (rows[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    packed = np.packbits(digits.reshape(len(image), -1).astype(np.uint8), axis=1)
    samples, alpha = image.shape[2], 2 if kind in ALPHA else 0
    extra = samples - (3 if kind.startswith("rgb") else 1)
    data, tables = packed.tobytes(), b""
    entries = [
        (256, 4, [image.shape[1]]),
        (257, 4, [image.shape[0]]),
        (258, 3, [bits] * samples),
        (259, 3, [1]),
        (262, 3, [2 if kind.startswith("rgb") else 1]),
        (273, 4, [8]),
        (277, 3, [samples]),
        (278, 4, [image.shape[0]]),
        (279, 4, [len(data)]),
        *([(338, 3, [alpha] * extra)] if extra else []),
    ]
    after = 8 + len(data) + 2 + 12 * len(entries) + 4
    directory = struct.pack("<H", len(entries))
    for tag, kind_of, values in entries:
        content = struct.pack(f"<{len(values)}{'H' if kind_of == 3 else 'I'}", *values)
        if len(content) > 4:
            content, tables = struct.pack("<I", after + len(tables)), tables + content
        directory += struct.pack("<HHI", tag, kind_of, len(values)) + content.ljust(4, b"\0")
    path.write_bytes(struct.pack("<2sHI", b"II", 42, 8 + len(data)) + data + directory + bytes(4) + tables)


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "uint32"])
def test_min_is_white_and_other_depths(tmp_path, photometric, dtype) -> None:
    white = {"bool": 1, "uint8": 255, "uint16": 65535, "uint32": 2**32 - 1}[dtype]
    image = smooth(1, "uint64", white).astype(dtype)
    stored = image if photometric == "minisblack" else (white - image.astype(np.uint64)).astype(dtype)
    for options in (dict(rowsperstrip=5), dict(tile=(16, 16))):
        write_tiff(tmp_path / "a.tif", stored, "gray", photometric=photometric, **options)
        top, kind = (65535, "u2") if dtype in ("uint16", "uint32") else (255, "u1")
        expect(read_picture(tmp_path / "a.tif"), np.rint(image.astype(np.float64) / white * top).astype(kind))


@pytest.mark.parametrize("bands", [1, 3])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_between_0_and_1_are_read_others_named(tmp_path, bands, dtype) -> None:
    image = (smooth(bands, "uint16") / 65535).astype(dtype)
    kind = "rgb" if bands == 3 else "gray"
    write_tiff(tmp_path / "a.tif", image, kind)
    found = read_image(tmp_path / "a.tif")
    assert found.dtype == np.uint16
    assert np.abs(found / 65535 - image).max() < 1e-5
    for factor, words in ((300, r"a\.tif has .*float\d\d samples from 0 to 300.*\[0, 1\]"), (np.nan, "nan")):
        write_tiff(tmp_path / "a.tif", (image * np.asarray(factor, dtype)).astype(dtype), kind)
        with pytest.raises(UserError, match=words):
            read_image(tmp_path / "a.tif")


@pytest.mark.parametrize(
    ("dtype", "words"),
    [("int16", "int16 samples"), ("complex64", "complex64 samples"), ("uint32", "32 bits .* above 4095")],
)
def test_samples_that_have_no_range_are_named(tmp_path, dtype, words) -> None:
    write_tiff(tmp_path / "a.tif", smooth(1, "uint16", 4095).astype(dtype), "gray")
    with pytest.raises(UserError, match=rf"a\.tif has {words}"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("kind", ALPHA)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_premultiplied_alpha_is_divided(tmp_path, dtype, kind, layout) -> None:
    image, white = smooth(BANDS[kind], dtype), np.iinfo(dtype).max
    colours, alpha = image[..., :-1], image[..., -1].copy()
    alpha[:4], alpha[4:8] = 0, white
    stored = np.concatenate([np.rint(colours * (alpha[..., None] / white)), alpha[..., None]], 2).astype(dtype)
    write_tiff(tmp_path / "a.tif", stored, kind, alpha="assocalpha", **layout)
    picture = read_picture(tmp_path / "a.tif")
    assert np.array_equal(picture.alpha, alpha)
    error = np.abs(picture.pixels.astype(float) - colours)[alpha > 0]
    assert (error <= 0.5 * white / alpha[alpha > 0][:, None] + 0.501).all()  # what rounding the product loses


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_cmyk_tiff(tmp_path, dtype) -> None:
    inks, white = smooth(4, dtype), np.iinfo(dtype).max
    for options in (dict(compression="lzw"), dict(planarconfig="separate")):
        data = inks if "compression" in options else np.moveaxis(inks, 2, 0)
        tifffile.imwrite(tmp_path / "a.tif", data, photometric="separated", metadata=None, **options)
        left = 1 - inks.astype(float) / white
        expect(read_picture(tmp_path / "a.tif"), np.rint(left[..., :3] * left[..., 3:] * white).astype(dtype))


def test_palette_tiff(tmp_path) -> None:
    image = Image.fromarray(smooth(3)).quantize(64)
    image.save(tmp_path / "a.tif")
    expect(read_picture(tmp_path / "a.tif"), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("mode", ["L", "RGB", "YCbCr", "CMYK"])
def test_jpeg_in_tiff(tmp_path, mode) -> None:
    image = Image.fromarray(smooth(1)[..., 0] if mode == "L" else smooth(3)).convert(mode)
    image.save(tmp_path / "a.tif", compression="jpeg", quality=98)
    with Image.open(tmp_path / "a.tif") as found:
        reference = np.asarray(found.convert("RGB")).astype(int)
    assert np.abs(read_image(tmp_path / "a.tif") - reference).max() <= (3 if mode == "CMYK" else 2)
    image.save(tmp_path / "b.tif")  # YCbCr without JPEG, too
    with Image.open(tmp_path / "b.tif") as found:
        reference = np.asarray(found.convert("RGB")).astype(int)
    assert np.abs(read_image(tmp_path / "b.tif") - reference).max() <= 2


def test_jpeg_in_tiles_of_a_tiff(tmp_path) -> None:
    options = dict(photometric="ycbcr", compression="jpeg", tile=(16, 16), metadata=None)
    tifffile.imwrite(tmp_path / "a.tif", smooth(3), **options)
    with Image.open(tmp_path / "a.tif") as found:
        reference = np.asarray(found.convert("RGB")).astype(int)
    assert np.abs(read_image(tmp_path / "a.tif") - reference).max() <= 2


@pytest.mark.parametrize("bands", [3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_rgb_and_near_infrared_without_a_photometric(tmp_path, bands, dtype, layout) -> None:
    image = smooth(bands, dtype)
    data = image if layout["planarconfig"] == "contig" else np.moveaxis(image, 2, 0)
    extra = ["unspecified"] * (bands - 1)
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="minisblack", extrasamples=extra, metadata=None, **layout)
    picture = read_picture(tmp_path / "a.tif")
    expect(picture, image[..., :3])
    assert bool(picture.notes) == (bands == 4)
    assert np.array_equal(read_image(tmp_path / "a.tif", bands), image)


ORIENTED = [".tif", ".png", ".jpg", ".webp", ".avif"]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ORIENTED)
@pytest.mark.parametrize("alpha", [False, True])
def test_orientations(tmp_path, orientation, suffix, alpha) -> None:
    if alpha and suffix == ".jpg":
        pytest.skip("JPEG has no alpha")
    coarse = smooth(4)[:16, :32]
    coarse[..., 3] = np.maximum(coarse[..., 3], 1)
    image = Image.fromarray(coarse if alpha else coarse[..., :3].copy())
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {".webp": dict(lossless=True, exact=True), ".jpg": dict(quality=100), ".avif": dict(quality=100)}
    image.save(tmp_path / f"a{suffix}", exif=exif, **options.get(suffix, {}))
    turned = Image.fromarray(np.asarray(image))
    turned.getexif()[0x0112] = orientation
    reference = np.asarray(ImageOps.exif_transpose(turned)).astype(int)
    picture = read_picture(tmp_path / f"a{suffix}")
    tolerance = 24 if suffix in (".jpg", ".avif") else 0
    assert picture.pixels.shape[:2] == image_size(tmp_path / f"a{suffix}") == reference.shape[:2]
    assert np.abs(picture.pixels - reference[..., :3]).max() <= tolerance
    if alpha:
        assert np.abs(picture.alpha - reference[..., 3]).max() <= tolerance


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientations_of_deep_tiffs(tmp_path, orientation) -> None:
    image = smooth(4, "uint16")
    write_tiff(tmp_path / "a.tif", np.maximum(image, 1), "rgba", extratags=[(274, 3, 1, orientation, True)])
    upright = np.asarray(np.maximum(image, 1))
    flips = {2: lambda a: a[:, ::-1], 3: lambda a: np.rot90(a, 2), 4: lambda a: a[::-1], 5: lambda a: a.swapaxes(0, 1)}
    flips |= {6: lambda a: np.rot90(a, -1), 7: lambda a: np.rot90(a.swapaxes(0, 1), 2), 8: np.rot90}
    expected = flips.get(orientation, lambda a: a)(upright)
    expect(read_picture(tmp_path / "a.tif"), expected[..., :3], expected[..., 3])


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_png(tmp_path, dtype, bands) -> None:
    image = smooth(bands, dtype)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(image.squeeze()))
    colours = image[..., :-1] if bands in (2, 4) else image
    expect(read_picture(tmp_path / "a.png"), colours, image[..., -1] if bands in (2, 4) else None)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_png_with_a_palette(tmp_path, bits) -> None:
    levels = (smooth(1) >> (8 - bits))[..., 0]
    palette = np.random.default_rng(bits).integers(0, 256, (2**bits, 3), dtype=np.uint8)
    image = Image.fromarray(levels).convert("P")
    image.putpalette(palette.tobytes())
    image.save(tmp_path / "a.png", bits=bits)
    expect(read_picture(tmp_path / "a.png"), palette[levels])


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("transparent", [False, True])
def test_gray_png_of_few_bits(tmp_path, bits, transparent) -> None:
    levels = (smooth(1) >> (8 - bits))[..., 0]
    digits = (levels[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    rows = np.packbits(digits.reshape(HEIGHT, -1), axis=1)
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, 0, 0, 0, 0)
    parts = [(b"IHDR", header), *([(b"tRNS", b"\0\1")] if transparent else []), (b"IDAT", data), (b"IEND", b"")]
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk_of(*part) for part in parts))
    gray = (levels.astype(int) * 255 // (2**bits - 1)).astype(np.uint8)[..., None]
    alpha = np.where(levels == 1, 0, 255) if transparent else None
    expect(read_picture(tmp_path / "a.png"), gray, alpha)


@pytest.mark.parametrize("mode", ["L", "RGB", "P"])
def test_a_transparent_colour(tmp_path, mode) -> None:
    image = Image.fromarray(smooth(1)[..., 0] // 16 * 16 if mode == "L" else smooth(3) // 128 * 128)
    image = image.quantize(16) if mode == "P" else image
    key = {"L": 96, "RGB": (128, 0, 128), "P": 3}[mode]
    image.save(tmp_path / "a.png", transparency=key)
    with Image.open(tmp_path / "a.png") as found:
        reference = np.asarray(found.convert("RGBA"))
    picture = read_picture(tmp_path / "a.png")
    assert picture.gray == (mode == "L")
    assert 0 < (picture.alpha == 0).sum() < picture.alpha.size
    assert np.array_equal(picture.alpha, reference[..., 3])
    visible = picture.alpha > 0
    assert np.array_equal(picture.pixels[visible], reference[visible][:, :3])


def test_a_transparent_colour_of_16_bits(tmp_path) -> None:
    image = smooth(1, "uint16") // 4096 * 4096
    data = imagecodecs.png_encode(image[..., 0])
    content = b"tRNS" + struct.pack(">H", 4096 * 5)
    chunk = struct.pack(">I", 2) + content + struct.pack(">I", zlib.crc32(content))
    (tmp_path / "a.png").write_bytes(data[:33] + chunk + data[33:])
    expect(read_picture(tmp_path / "a.png"), image, np.where(image[..., 0] == 4096 * 5, 0, 65535).astype(np.uint16))


def chunk_of(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


@pytest.mark.parametrize("size", [2_000_000, 20_000_000])
def test_long_metadata_of_png(tmp_path, size) -> None:
    image, text = smooth(3), PngInfo()
    text.add_text("comment", "a" * size, zip=True)
    profile = bytes(16) + b"RGB " + bytes(size)
    Image.fromarray(image).save(tmp_path / "a.png", pnginfo=text, icc_profile=profile)
    with pytest.raises(ValueError, match="too large"):
        Image.open(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    expect(picture, image)
    assert picture.profile == profile


def test_orientation_after_the_pixels_of_a_png(tmp_path) -> None:
    image = smooth(3)
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    end = chunk_of(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(file.getvalue()[: -len(end)] + chunk_of(b"eXIf", exif.tobytes()[6:]) + end)
    expect(read_picture(tmp_path / "a.png"), np.rot90(image, -1))
    assert image_size(tmp_path / "a.png") == (WIDTH, HEIGHT)


@pytest.mark.parametrize("suffix", [".jfif", ".jpe", ".jpg"])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg(tmp_path, suffix, mode) -> None:
    image = Image.fromarray(smooth(1)[..., 0] if mode == "L" else smooth(3)).convert(mode)
    image.save(tmp_path / f"a{suffix}", "JPEG", quality=98)
    with Image.open(tmp_path / f"a{suffix}") as found:
        reference = np.asarray(found.convert("RGB")).astype(int)
    picture = read_picture(tmp_path / f"a{suffix}")
    assert picture.gray == (mode == "L")
    assert np.abs(picture.pixels - reference).max() <= 2


def test_jpeg_of_12_bits(tmp_path) -> None:
    image = smooth(3, "uint16", 4095)
    (tmp_path / "a.jpg").write_bytes(imagecodecs.jpeg_encode(image, level=100, bitspersample=12))
    found = read_image(tmp_path / "a.jpg")
    assert found.dtype == np.uint16
    assert np.abs(found / 65535 - image / 4095).mean() < 0.03


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "RGBA", "1"])
@pytest.mark.parametrize("suffix", [".bmp", ".gif", ".webp"])
def test_formats_that_pillow_reads(tmp_path, mode, suffix) -> None:
    array = smooth(4)
    array[..., 3] = np.where(array[..., 3] > 128, 255, 0)
    image = Image.fromarray(array).convert("RGB" if mode == "P" else mode)
    image = image.quantize(32) if mode == "P" else image
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image.save(tmp_path / f"a{suffix}", **(dict(lossless=True) if suffix == ".webp" else {}))
    with Image.open(tmp_path / f"a{suffix}") as found:
        reference = np.asarray(found.convert("RGBA"))
    picture = read_picture(tmp_path / f"a{suffix}")
    alpha = np.full(reference.shape[:2], 255) if picture.alpha is None else picture.alpha
    assert np.array_equal(alpha, reference[..., 3])
    assert np.array_equal(picture.pixels[alpha > 0], reference[alpha > 0][:, :3])
    assert picture.gray == (mode in ("L", "1") and suffix != ".webp")


def test_an_animation_is_its_first_image(tmp_path) -> None:
    frames = [Image.fromarray(np.full((8, 9, 3), value, np.uint8)) for value in (40, 200)]
    for suffix in (".gif", ".webp", ".png"):
        frames[0].save(tmp_path / f"a{suffix}", save_all=True, append_images=frames[1:], lossless=True)
        picture = read_picture(tmp_path / f"a{suffix}")
        assert (picture.pixels == 40).all()
        assert "first" in picture.notes[0]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    assert "first" in read_picture(tmp_path / "a.tif").notes[0]


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("bands", [1, 2, 3, 4, 5])
def test_jpeg_2000(tmp_path, bits, bands) -> None:
    white = 2**bits - 1
    image = smooth(bands, "uint8" if bits == 8 else "uint16", white)
    data = imagecodecs.jpeg2k_encode(image.squeeze(), level=0, reversible=True, bitspersample=bits)
    (tmp_path / "a.jp2").write_bytes(data)
    expected = np.rint(image * ((255 if bits == 8 else 65535) / white)).astype(image.dtype)
    if bands == 5:
        assert np.array_equal(read_image(tmp_path / "a.jp2", 5), expected)
    else:
        alpha = expected[..., -1] if bands in (2, 4) else None
        expect(read_picture(tmp_path / "a.jp2"), expected if alpha is None else expected[..., :-1], alpha)


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("bands", [3, 4])
def test_avif(tmp_path, bits, bands) -> None:
    white = 2**bits - 1
    image = smooth(bands, "uint8" if bits == 8 else "uint16", white)
    (tmp_path / "a.avif").write_bytes(imagecodecs.avif_encode(image, level=100, bitspersample=bits))
    picture = read_picture(tmp_path / "a.avif")
    top = 255 if bits == 8 else 65535
    assert picture.bits == (8 if bits == 8 else 16)
    visible = np.ones((HEIGHT, WIDTH), bool) if picture.alpha is None else picture.alpha > 0
    assert np.abs(picture.pixels / top - image[..., :3] / white)[visible].max() < 0.03
    if bands == 4:
        assert np.abs(picture.alpha / top - image[..., 3] / white).max() < 0.03


def test_invisible_pixels_have_the_colour_of_their_neighbours(tmp_path) -> None:
    image = np.zeros((40, 50, 4), np.uint8)
    rows, columns = np.mgrid[:40, :50]
    left, right = (np.hypot(rows - 20, columns - centre) < 8 for centre in (12, 37))
    image[left], image[right] = (250, 10, 60, 255), (30, 200, 90, 128)
    Image.fromarray(image).save(tmp_path / "a.png")
    pixels = read_image(tmp_path / "a.png")
    assert (pixels[:, :20] == (250, 10, 60)).all()
    assert (pixels[:, 30:] == (30, 200, 90)).all()
    image[..., 3] = 0
    Image.fromarray(image).save(tmp_path / "a.png")
    assert np.array_equal(read_image(tmp_path / "a.png"), image[..., :3])  # nothing is visible


def test_one_channel(tmp_path) -> None:
    gray = smooth(1)
    Image.fromarray(gray[..., 0]).save(tmp_path / "gray.png")
    Image.fromarray(gray.repeat(3, 2)).save(tmp_path / "equal.png")
    Image.fromarray(smooth(3)).save(tmp_path / "colours.png")
    for name in ("gray.png", "equal.png"):
        assert np.array_equal(read_image(tmp_path / name, 1), gray)
    with pytest.raises(UserError, match=r"colours\.png has colours.*channels=3"):
        read_image(tmp_path / "colours.png", 1)


def test_more_pixels_than_the_limit_are_named_before_decoding(tmp_path) -> None:
    header = chunk_of(b"IHDR", struct.pack(">IIBBBBB", 70000, 70000, 8, 2, 0, 0, 0))
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk_of(b"IDAT", b"") + chunk_of(b"IEND", b""))
    for reader in (read_image, image_size):
        with pytest.raises(UserError, match=r"a\.png measures 70000x70000.*limit of 1073741824"):
            reader(tmp_path / "a.png")


def test_decompression_bombs_are_named_before_decoding(tmp_path) -> None:
    side = 20_000
    row, packer = bytes(1 + side // 8), zlib.compressobj(1)
    rows = b"".join([packer.compress(row) for _ in range(side)] + [packer.flush()])  # a valid image of 1 bit
    header = chunk_of(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + header + chunk_of(b"IDAT", rows) + chunk_of(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(data)
    for reader in (read_image, image_size):
        with pytest.raises(UserError, match=r"a\.png declares 20000x20000 pixels in \d+ bytes"):
            reader(tmp_path / "a.png")


def test_pipes_devices_and_folders_are_named(tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe.png")  # reading it would wait for ever
    (tmp_path / "zero.png").symlink_to("/dev/zero")  # would never end
    (tmp_path / "folder.png").mkdir()
    for name, found in (("pipe.png", "a pipe"), ("zero.png", "a pipe, a device"), ("folder.png", "a folder")):
        for reader in (read_image, image_size):
            with pytest.raises(UserError, match=rf"{name} cannot be read: expected a file, found {found}"):
                reader(tmp_path / name)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp", ".gif", ".jp2", ".avif", ".bmp"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_cut_off_files_are_named(tmp_path, suffix, kept) -> None:
    path = tmp_path / f"a{suffix}"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(UserError, match=rf"a\{suffix} \(.* bytes\) is corrupt"):
        read_image(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_overwritten_bytes_are_found(tmp_path, suffix) -> None:
    path = tmp_path / f"a{suffix}"
    options = dict(compression="tiff_lzw") if suffix == ".tif" else {}
    image = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    Image.fromarray(image).save(path, **options)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4096] = np.random.default_rng(1).bytes(4096)
    path.write_bytes(bytes(data))
    with pytest.raises(UserError, match="corrupt"):
        read_image(path)


@pytest.mark.parametrize("kind", ["jpg", "gray.jpg", "cmyk.jpg", "png"])
def test_damage_that_decoders_repair_is_found_when_asked_for(tmp_path, kind) -> None:
    path = tmp_path / kind
    mode = {"gray.jpg": "L", "cmyk.jpg": "CMYK"}.get(kind, "RGB")
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)).convert(mode)
    image.save(path, "PNG" if kind == "png" else "JPEG")
    assert read_image(path, strict=True).shape == (128, 128, 3)
    data = bytearray(path.read_bytes())
    if kind == "png":
        at = data.index(b"IDAT") + 4
        length = int.from_bytes(data[at - 8 : at - 4], "big")
        rows = zlib.decompress(bytes(data[at : at + length]))
        content = zlib.compress(rows)[:-4] + bytes(4)  # the checksum of the data is wrong, that of the chunk is right
        data[at - 8 : at + length + 4] = chunk_of(b"IDAT", content)
    else:
        data[len(data) // 2 : len(data) // 2 + 512] = bytes(512)
    path.write_bytes(bytes(data))
    with pytest.raises(UserError, match=rf"{kind} is damaged behind its header"):
        read_image(path, strict=True)


def test_a_small_file_that_declares_a_huge_image_is_named_before_decoding(tmp_path) -> None:
    Image.new("L", (9, 9)).save(tmp_path / "a.gif")
    data = bytearray((tmp_path / "a.gif").read_bytes())
    data[6:10] = struct.pack("<HH", 30000, 30000)
    (tmp_path / "a.gif").write_bytes(bytes(data))
    for reader in (read_image, image_size):
        with pytest.raises(UserError, match=r"a\.gif declares 30000x30000 pixels in \d+ bytes"):
            reader(tmp_path / "a.gif")


@pytest.mark.parametrize("bands", [2, 3, 5])
def test_gray_pages_are_bands_where_so_many_are_expected(tmp_path, bands) -> None:
    image = smooth(bands, "uint16")
    tifffile.imwrite(tmp_path / "a.tif", np.moveaxis(image, 2, 0), photometric="minisblack", compression="zlib")
    if bands != 3:
        assert np.array_equal(read_image(tmp_path / "a.tif", bands), image)
        assert image_size(tmp_path / "a.tif", bands) == (HEIGHT, WIDTH)
    picture = read_picture(tmp_path / "a.tif")
    expect(picture, image[..., :1])
    assert "first" in picture.notes[0]


def test_a_jpeg_with_a_padded_end_is_not_damaged(tmp_path) -> None:
    Image.fromarray(smooth(3)).save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[:-2] + bytes(2) + data[-2:])
    assert read_image(tmp_path / "a.jpg", strict=True).shape == (HEIGHT, WIDTH, 3)


def test_bytes_between_the_segments_of_a_jpeg_are_skipped(tmp_path) -> None:
    Image.fromarray(smooth(3)).save(tmp_path / "a.jpg")
    expected, data = read_image(tmp_path / "a.jpg"), (tmp_path / "a.jpg").read_bytes()
    at = 4 + int.from_bytes(data[4:6], "big")
    (tmp_path / "a.jpg").write_bytes(data[:at] + b"\0\xff\0odd" + data[at:])
    assert np.array_equal(read_image(tmp_path / "a.jpg"), expected)
