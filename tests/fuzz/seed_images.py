"""Valid image files of every format and kind, as bytes, made with the libraries that people make theirs with."""

import io
import struct
import zlib
from functools import cache
from itertools import product
from typing import Any

import cv2
import numpy as np
import tifffile
from PIL import Image, PngImagePlugin, features
from PIL.TiffImagePlugin import ImageFileDirectory_v2

HEIGHT, WIDTH = 12, 17
OUTSIDE = "../../outside.png"  # a path in metadata, which no command may follow
_BOMB_SIDE = 20_000


@cache
def seed_images() -> dict[str, bytes]:
    """Returns the files by a name that ends like a file of the format."""
    return {**_pngs(), **_jpegs(), **_tiffs(), **_others(), **_disguised()}


def _samples(bands: int = 3, dtype: Any = np.uint8, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    values = np.random.default_rng(0).random((height, width, bands))
    if np.dtype(dtype).kind == "f":
        return values.astype(dtype)
    return (values * np.iinfo(dtype).max).astype(dtype)


def _pillow(mode: str, format: str, **options: Any) -> bytes:
    image = Image.fromarray(_samples(4), "RGBA").convert("RGB" if mode in ("P", "1", "CMYK", "YCbCr") else mode)
    image = image.convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def _exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010D] = OUTSIDE  # DocumentName
    return exif.tobytes()


def _icc() -> bytes:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _pngs() -> dict[str, bytes]:
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", OUTSIDE)
    text.add_text("Comment", OUTSIDE * 50, zip=True)
    text.add_itxt("Path", OUTSIDE)
    found = {f"{mode}.png": _pillow(mode, "PNG") for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")}
    found["palette_transparent.png"] = _pillow("P", "PNG", transparency=3)
    found["gray_transparent.png"] = _pillow("L", "PNG", transparency=7)
    found["rgb_transparent.png"] = _pillow("RGB", "PNG", transparency=(1, 2, 3))
    found["text.png"] = _pillow("RGB", "PNG", pnginfo=text, icc_profile=_icc(), exif=_exif(6), dpi=(72, 72))
    found["rgba_turned.png"] = _pillow("RGBA", "PNG", exif=_exif(8))
    frames = [Image.fromarray(_samples(3)) for _ in range(3)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:])
    found["animated.png"] = buffer.getvalue()
    for bands in (1, 3, 4):
        found[f"sixteen{bands}.png"] = cv2.imencode(".png", _samples(bands, np.uint16))[1].tobytes()
    for bits, kind, alpha in ((2, 0, 0), (4, 0, 0), (16, 4, 1)):
        found[f"raw_{bits}_{kind}.png"] = _raw_png(WIDTH, HEIGHT, bits, kind, alpha + 1)
    found["bomb.png"] = _raw_png(_BOMB_SIDE, _BOMB_SIDE, 1, 0)
    found["bomb_rgb.png"] = _raw_png(10_000, 10_000, 8, 2, bands=3)
    found["wide.png"] = _raw_png(1_000_000, 2, 8, 0)
    found["bomb_text.png"] = _with_chunk(found["RGB.png"], b"zTXt", b"a\0\0" + zlib.compress(bytes(50_000_000), 9))
    found["bomb_icc.png"] = _with_chunk(found["RGB.png"], b"iCCP", b"a\0\0" + zlib.compress(bytes(50_000_000), 9))
    found["long_text.png"] = _with_chunk(found["RGB.png"], b"tEXt", b"a\0" + b"x" * 1_200_000)
    return found


def _raw_png(width: int, height: int, bits: int, kind: int, bands: int = 1) -> bytes:
    row = bytes(1 + (width * bits * bands + 7) // 8)
    packer = zlib.compressobj(6)
    rows = b"".join([packer.compress(row) for _ in range(height)] + [packer.flush()])
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n"
    return start + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Returns a PNG chunk with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _with_chunk(png: bytes, kind: bytes, data: bytes) -> bytes:
    return png[:33] + png_chunk(kind, data) + png[33:]  # behind IHDR


def _jpegs() -> dict[str, bytes]:
    found = {f"{mode}.jpg": _pillow(mode, "JPEG") for mode in ("L", "RGB", "CMYK")}
    found["progressive.jpg"] = _pillow("RGB", "JPEG", progressive=True, subsampling=0)
    found["restarts.jpg"] = _pillow("RGB", "JPEG", restart_marker_blocks=1)
    found["large_icc.jpg"] = _pillow("RGB", "JPEG", icc_profile=_icc() + bytes(150_000))
    for orientation in (1, 6, 8):
        found[f"turned{orientation}.jpg"] = _pillow("RGB", "JPEG", exif=_exif(orientation), icc_profile=_icc())
    buffer = io.BytesIO()
    frames = [Image.fromarray(_samples(3)) for _ in range(2)]
    frames[0].save(buffer, "MPO", save_all=True, append_images=frames[1:])
    return found | {"two.jpg": buffer.getvalue()}


def _tiffs() -> dict[str, bytes]:
    found = {}
    for bands, dtype in product((1, 2, 3, 4, 5), ("u1", "u2", "f4")):
        for planar in ("contig", "separate") if bands > 1 else ("contig",):
            image = _samples(bands, dtype)
            image = np.moveaxis(image, -1, 0) if planar == "separate" else image
            found[f"{bands}_{dtype}_{planar}.tif"] = _tiff(
                image if bands > 1 else image[..., 0],
                planarconfig=planar if bands > 1 else None,
                photometric="rgb" if bands in (3, 4) else "minisblack",
            )
    for compression in ("lzw", "zlib", "packbits", "jpeg", "zstd", "lzma", "webp", "jpeg2000", "jpegxl", "lerc"):
        try:
            found[f"{compression}.tif"] = _tiff(_samples(3), compression=compression, photometric="rgb")
        except (ValueError, KeyError, ImportError, RuntimeError):
            continue  # an optional codec
    rgb = dict(photometric="rgb")
    found |= {
        "predictor.tif": _tiff(_samples(3, "u2"), compression="zlib", predictor=True, **rgb),
        "float_predictor.tif": _tiff(_samples(3, "f4"), compression="zlib", predictor=True, **rgb),
        "tiles.tif": _tiff(_samples(3, height=40, width=40), tile=(16, 16), **rgb),
        "strips.tif": _tiff(_samples(3), rowsperstrip=5, **rgb),
        "white.tif": _tiff(_samples(1)[..., 0], photometric="miniswhite"),
        "white16.tif": _tiff(_samples(1, "u2")[..., 0], photometric="miniswhite"),
        "cmyk.tif": _tiff(_samples(4), photometric="separated"),
        "premultiplied.tif": _tiff(_samples(4, "u2"), extrasamples=["assocalpha"], **rgb),
        "straight.tif": _tiff(_samples(4), extrasamples=["unassalpha"], **rgb),
        "turned.tif": _tiff(_samples(3), extratags=[(274, "H", 1, 6, True), (269, "s", 0, OUTSIDE, True)], **rgb),
        "icc.tif": _tiff(_samples(3), iccprofile=_icc(), **rgb),
        "pages.tif": _tiff(_samples(3, height=5 * HEIGHT).reshape(5, HEIGHT, WIDTH, 3), **rgb),
        "u4.tif": _tiff(_samples(1, "u4")[..., 0], photometric="minisblack"),
        "bits12.tif": _tiff(_samples(1, "u2")[..., 0] >> 4, bitspersample=12, photometric="minisblack"),
        "imagej.tif": _tiff_written(_samples(1)[..., 0], imagej=True),
        "big_endian.tif": _tiff_written(_samples(3, "u2"), byteorder=">", photometric="rgb"),
        "big.tif": _tiff_written(_samples(3), bigtiff=True, photometric="rgb"),
        "bits1.tif": _pillow("1", "TIFF"),
        "fax.tif": _pillow("1", "TIFF", compression="group4"),
        "palette.tif": _pillow("P", "TIFF"),
        "ycbcr.tif": _pillow("YCbCr", "TIFF"),
        "rgba_pillow.tif": _pillow("RGBA", "TIFF", tiffinfo=_document_name()),
        "bomb.tif": _tiff(np.zeros((_BOMB_SIDE, _BOMB_SIDE), bool), compression="zlib", compressionargs={"level": 1}),
    }
    return found


def _tiff(image: np.ndarray, **options: Any) -> bytes:
    return _tiff_written(image, metadata=None, **options)


def _tiff_written(image: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, image, **options)
    return buffer.getvalue()


def _document_name() -> ImageFileDirectory_v2:
    tags = ImageFileDirectory_v2()
    tags[269] = OUTSIDE
    return tags


def _others() -> dict[str, bytes]:
    found = {
        "lossy.webp": _pillow("RGB", "WEBP", exif=_exif(3), icc_profile=_icc()),
        "lossless.webp": _pillow("RGBA", "WEBP", lossless=True),
        "palette.gif": _pillow("P", "GIF"),
        "transparent.gif": _pillow("P", "GIF", transparency=0, comment=OUTSIDE.encode()),
        "bits1.bmp": _pillow("1", "BMP"),
        "gray.bmp": _pillow("L", "BMP"),
        "palette.bmp": _pillow("P", "BMP"),
        "rgb.bmp": _pillow("RGB", "BMP"),
        "rgba.bmp": _pillow("RGBA", "BMP"),
        "bomb.gif": b"GIF89a\xff\xff\xff\xff\xf0\0\0" + bytes(6) + b"!\xf9\x04\0\0\0\0\0,\0\0\0\0\xff\xff\xff\xff\0"
        b"\x08\x01\0\0;",
    }
    for name, format in (("rgb.jp2", "JPEG2000"), ("rgb.avif", "AVIF")):
        if features.check("jpg_2000" if format == "JPEG2000" else "avif"):
            found[name] = _pillow("RGB", format)
            found[f"alpha_{name}"] = _pillow("RGBA", format)
    frames = [Image.fromarray(_samples(3)) for _ in range(3)]
    for format in ("GIF", "WEBP"):
        buffer = io.BytesIO()
        frames[0].save(buffer, format, save_all=True, append_images=frames[1:])
        found[f"animated.{format.lower()}"] = buffer.getvalue()
    found["sixteen.jp2"] = cv2.imencode(".jp2", _samples(1, np.uint16, 64, 64))[1].tobytes()
    return found


def _disguised() -> dict[str, bytes]:
    """Returns files whose names end like images but that hold something else."""
    found = {f"{format.lower()}.png": _pillow(mode, format) for format, mode in _RARE.items()}
    return found | {
        "empty.png": b"",
        "text.jpg": b"not an image\n" * 50,
        "zip.png": b"PK\x03\x04" + bytes(200),
        "script.tif": b"#!/bin/sh\ntouch canary\n",
        "svg.png": b'<svg xmlns="http://www.w3.org/2000/svg" width="99999" height="99999"></svg>',
        "heic.jpg": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100),
        "exr.tif": b"\x76\x2f\x31\x01\x02\0\0\0" + bytes(200),
        "hdr.png": b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 999999 +X 999999\n" + bytes(100),
        "psd.tif": b"8BPS\0\x01" + bytes(6) + b"\0\x03" + struct.pack(">IIHH", 300_000, 300_000, 8, 3) + bytes(100),
    }


_RARE = {
    "EPS": "RGB", "PDF": "RGB", "PPM": "RGB", "TGA": "RGB", "PCX": "RGB", "SGI": "RGB", "ICO": "RGBA", "DDS": "RGBA",
    "MSP": "1", "XBM": "1", "SPIDER": "F", "QOI": "RGB",
}  # fmt: skip
