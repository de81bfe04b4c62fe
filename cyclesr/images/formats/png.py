"""PNG, all colour types and depths.

Only the chunks that make the pixels are handed to the decoders: they refuse files whose texts or profiles are long.
Chunks of pixels whose checksum is wrong are damage, which OpenCV would decode to noise or gray.
"""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO, NamedTuple

import cv2
import numpy as np

from cyclesr.images.contents import Contents, DamagedError, OverwrittenError, check_size
from cyclesr.images.orientation import exif_orientation

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GRAY, _RGB, _PALETTE, _GRAY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_PIXELS = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_DESCRIBED = (b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"sRGB", b"cICP", b"gAMA", b"eXIf", b"acTL")
_SRGB_GAMMA = range(45000, 46001)  # 1/2.2 in steps of 1/100000
_SRGB_CODES = (1, 6, 13)  # transfer functions of cICP: BT.709, BT.601 and sRGB
_AT_A_TIME = 2**20  # bytes that are inflated at once
_LARGEST_PROFILE = 2**26  # bytes


class Chunk(NamedTuple):
    """A chunk: its name, its content and whether its checksum is right."""

    name: bytes
    content: bytes
    intact: bool


def describe(file: BinaryIO) -> Contents:
    """Describes a PNG. Pixels are skipped, not read.

    Raises:
        DamagedError: the header is missing.
        UnsupportedError: the image has too many pixels.
    """
    found: dict[bytes, bytes] = {}
    for chunk in _chunks(file, _DESCRIBED):
        found.setdefault(chunk.name, chunk.content)
    if len(found.get(b"IHDR", b"")) != 13:
        raise DamagedError
    width, height, depth, colour = struct.unpack(">IIBB", found[b"IHDR"][:10])
    transparent = colour in (_GRAY_ALPHA, _RGBA) or b"tRNS" in found
    gray = colour in (_GRAY, _GRAY_ALPHA) or (colour == _PALETTE and _is_gray(found.get(b"PLTE", b"")))
    contents = Contents(
        height,
        width,
        1 if gray else 3,
        16 if depth == 16 else 8,
        "straight" if transparent else "none",
        exif_orientation(found.get(b"eXIf", b"")),
        _profile(found.get(b"iCCP", b"")),
        _notes(found),
    )
    check_size(contents, file)
    return contents


def _notes(found: dict[bytes, bytes]) -> tuple[str, ...]:
    animated = ("is animated: only its first image is read",) if b"acTL" in found else ()
    return animated + tuple(
        f"declares its colours by {name}, which is neither applied nor copied: convert it to sRGB if that matters"
        for name in _declared(found)
    )


def _declared(found: dict[bytes, bytes]) -> list[str]:
    """Returns the chunk that declares other colours than sRGB, unless a profile does."""
    if b"iCCP" in found:
        return []
    if b"cICP" in found:
        primaries, transfer = found[b"cICP"][:1], found[b"cICP"][1:2]
        return [] if primaries == b"\1" and transfer and transfer[0] in _SRGB_CODES else ["cICP"]
    gamma = int.from_bytes(found.get(b"gAMA", b""), "big")
    return ["gAMA"] if gamma and gamma not in _SRGB_GAMMA and b"sRGB" not in found else []


def _chunks(file: BinaryIO, names: tuple[bytes, ...] | None = None) -> Iterator[Chunk]:
    """Yields the complete chunks of these names, or all; the others are skipped."""
    file.seek(len(_SIGNATURE))
    while len(start := file.read(8)) == 8:
        length, name = struct.unpack(">I4s", start)
        if names is None or name in names:
            content, checksum = file.read(length), file.read(4)
            if len(content) < length or len(checksum) < 4:
                return
            yield Chunk(name, content, zlib.crc32(name + content).to_bytes(4, "big") == checksum)
        else:
            file.seek(length + 4, 1)
        if name == b"IEND":
            return


def _is_gray(palette: bytes) -> bool:
    return palette[::3] == palette[1::3] == palette[2::3]


def _profile(content: bytes) -> bytes:
    _name, _, compressed = content.partition(b"\0")
    try:
        return zlib.decompressobj().decompress(compressed[1:], _LARGEST_PROFILE)
    except zlib.error:
        return b""


def decode(data: bytes, contents: Contents) -> np.ndarray:
    """Decodes a PNG, see :mod:`cyclesr.images.formats`.

    Raises:
        DamagedError: the end is missing, a checksum is wrong, or the pixels cannot be decoded.
    """
    chunks = list(_chunks(BytesIO(data), (*_PIXELS, b"tRNS")))
    if not chunks or chunks[-1].name != b"IEND" or not all(chunk.intact for chunk in chunks):
        raise DamagedError
    depth, colour = chunks[0].content[8:10]
    key = next((chunk.content for chunk in chunks if chunk.name == b"tRNS"), None)
    kept = [chunk for chunk in chunks if chunk.name in _PIXELS or colour == _PALETTE]
    stored = cv2.imdecode(_file(kept), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    if stored is None or stored.shape[:2] != (contents.height, contents.width):
        raise DamagedError
    colours, alpha = _in_order(stored, contents.bands)
    if key is not None and alpha is None:
        alpha = _opaque_but(key, colours, depth) if colour != _PALETTE else np.full_like(colours[..., :1], 255)
    return colours if alpha is None else np.concatenate([colours, alpha], 2)


def verify(data: bytes) -> None:
    """Checks that the compressed data of the pixels are complete and have the right checksum.

    Raises:
        OverwrittenError: they are not.
    """
    inflate = zlib.decompressobj()
    try:
        for chunk in _chunks(BytesIO(data), (b"IDAT",)):
            rest = chunk.content
            while rest and not inflate.eof:
                inflate.decompress(rest, _AT_A_TIME)
                rest = inflate.unconsumed_tail
    except zlib.error as error:
        raise OverwrittenError(str(error)) from error
    if not inflate.eof:
        raise OverwrittenError("the data of the pixels end too early")


def _file(chunks: list[Chunk]) -> np.ndarray:
    parts = [_SIGNATURE]
    for name, content, _ in chunks:
        checksum = zlib.crc32(content, zlib.crc32(name)).to_bytes(4, "big")
        parts += [len(content).to_bytes(4, "big"), name, content, checksum]
    return np.frombuffer(b"".join(parts), np.uint8)


def _in_order(stored: np.ndarray, bands: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Splits what OpenCV decodes, (H, W) or BGR or BGRA, into gray or RGB, and alpha."""
    if stored.ndim == 2:
        return np.repeat(stored[..., None], bands, 2), None
    alpha = stored[..., 3:] if stored.shape[2] == 4 else None
    if bands == 1:
        return stored[..., :1], alpha
    return cv2.cvtColor(stored, cv2.COLOR_BGR2RGB if alpha is None else cv2.COLOR_BGRA2RGB), alpha


def _opaque_but(key: bytes, colours: np.ndarray, depth: int) -> np.ndarray:
    """Returns alpha (H, W, 1): 0 for the colour that is declared transparent."""
    white = np.iinfo(colours.dtype).max
    samples = np.frombuffer(key[: 2 * colours.shape[2]], ">u2").astype(np.int64) % 2**depth  # other bits do not count
    samples = samples * white // (2**depth - 1)
    return np.where((colours == samples).all(2, keepdims=True), 0, white).astype(colours.dtype)
