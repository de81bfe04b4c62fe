"""Small image files of unusual kinds."""

import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

SIDE = 48


def scene(bands: int = 3, white: int = 255) -> np.ndarray:
    """Smooth waves (48, 48, bands) from 0 to ``white``, as float64."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    waves = [np.sin(rows / (4 + band)) * np.cos(columns / (5 + band)) for band in range(bands)]
    return np.rint((np.stack(waves, -1) + 1) / 2 * white)


def write_odd_files(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Writes one file of each kind.

    Returns:
        The names of those that a network of three channels takes, and of the others, each with words of its error.
    """
    rgb8, rgb16 = scene().astype(np.uint8), scene(3, 65535).astype(np.uint16)
    gray16, alpha = scene(1, 65535).astype(np.uint16), np.zeros((SIDE, SIDE, 1), np.uint8)
    alpha[8:-8, 8:-8] = 255
    sprite = np.where(alpha > 0, np.concatenate([rgb8, alpha], 2), 0).astype(np.uint8)

    def tiff(name: str, data: np.ndarray, photometric: str = "minisblack", **options) -> None:
        options = dict(planarconfig="contig" if data.ndim == 3 else None) | options
        tifffile.imwrite(folder / f"{name}.tif", data, photometric=photometric, metadata=None, **options)

    text = PngInfo()
    text.add_text("comment", "a" * 2_000_000, zip=True)
    Image.fromarray(rgb8).save(folder / "long_text.png", pnginfo=text)
    Image.fromarray(sprite).save(folder / "sprite.png")
    Image.fromarray(sprite).convert("LA").save(folder / "gray_alpha.png")
    Image.fromarray(rgb8[..., 0]).save(folder / "gray_transparent_colour.png", transparency=0)
    Image.fromarray(sprite).save(folder / "straight.tif")
    for suffix in ("jpe", "jfif", "gif", "jp2", "avif", "bmp", "webp"):
        kind = "JPEG" if suffix in ("jpe", "jfif") else None
        Image.fromarray(rgb8).save(folder / f"{suffix}.{suffix}", kind)
    (folder / "jp2_16.jp2").write_bytes(imagecodecs.jpeg2k_encode(rgb16, level=0))
    (folder / "gray_alpha_16.png").write_bytes(imagecodecs.png_encode(np.concatenate([gray16, gray16], 2)))
    tiff("rgb_black", rgb16)
    tiff("rgb_infrared", scene(4).astype(np.uint8))
    tiff("planar_16", np.moveaxis(rgb16, 2, 0), "rgb", planarconfig="separate")
    tiff("white_16", gray16[..., 0], "miniswhite")
    tiff("gray_alpha_16", np.concatenate([gray16, gray16], 2), extrasamples=["unassalpha"])
    tiff("premultiplied_16", np.concatenate([rgb16 // 2, gray16 * 0 + 32768], 2), "rgb", extrasamples=["assocalpha"])
    tiff("float", scene(1, 1)[..., 0].astype(np.float32))
    tiff("uint32", scene(1, 2**32 - 1)[..., 0].astype(np.uint32))
    tiff("cmyk", scene(4).astype(np.uint8), "separated", compression="lzw", tile=(16, 16))
    tiff("big_endian", rgb16, "rgb", byteorder=">", bigtiff=True, compression="zlib", predictor=True)
    readable = sorted(path.name for path in folder.iterdir())
    tiff("bands_2", scene(2).astype(np.uint8))
    tiff("bands_5", scene(5, 65535).astype(np.uint16))
    tiff("signed", scene(1)[..., 0].astype(np.int16))
    header = struct.pack(">IIBBBBB", 70000, 70000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", b""), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks]
    (folder / "huge.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    (folder / "text.png").write_text("no image")
    return readable, {
        "bands_2.tif": "2 bands",
        "bands_5.tif": "5 bands",
        "signed.tif": "int16",
        "huge.png": "70000x70000",
        "text.png": "corrupt",
    }
