"""Damage to files: bytes that change, and fields, chunks and tags of image formats that lie.

A damage is ``[name, a, b, c]``, a name of :data:`DAMAGES` and three numbers; where they are too large for a file, they
wrap around. The same damages always give the same bytes.
"""

import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st
from seed_images import OUTSIDE, png_chunk, seed_images

VALUES = (
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 24, 31, 32, 33, 63, 64, 127, 128, 129, 255, 256, 257, 258,
    259, 262, 269, 273, 274, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 330, 338, 339, 347, 1000, 4096, 5000,
    7, 50000, 8, 32773, 34675, 34712, 32946, 34892, 34925, 50001, 33003, 34934, 30_000, 32_767, 32_768, 40_000, 65_534,
    65_535, 65_536, 100_000, 2**20, 2**24, 2**28, 2**30, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**48, 2**63 - 1, 2**63,
    2**64 - 1,
)  # fmt: skip


LARGEST = 2**22  # bytes of a damaged file


class Field(NamedTuple):
    """A number in a file: where, how many bytes, and in which order ("<" or ">")."""

    at: int
    width: int
    order: str


def damages(most: int = 4) -> st.SearchStrategy[list[list[Any]]]:
    """Draws up to so many damages."""
    number = st.integers(0, 2**16 - 1)
    one = st.tuples(st.sampled_from(sorted(DAMAGES)), number, st.integers(0, len(VALUES) - 1), number)
    return st.lists(one.map(list), max_size=most)


def damaged(data: bytes, changes: Sequence[Sequence[Any]]) -> bytes:
    """Returns the data after all damages."""
    for name, a, b, c in changes:
        data = DAMAGES[name](data, a, b, c)[:LARGEST] if data else data
    return data


def _near_start(a: int, length: int) -> int:
    """Half of the positions are in the first 256 bytes, where the headers are."""
    return (a // 2) % (min(length, 256) if a % 2 else length)


def _flip(data: bytes, a: int, b: int, c: int) -> bytes:
    at = _near_start(a, len(data))
    return data[:at] + bytes([data[at] ^ (1 << c % 8)]) + data[at + 1 :]


def _set(data: bytes, a: int, b: int, c: int) -> bytes:
    at, width = _near_start(a, len(data)), (1, 2, 4, 8)[c % 4]
    return _replaced(data, Field(at, width, "<>"[c // 4 % 2]), VALUES[b])


def _field(data: bytes, a: int, b: int, c: int) -> bytes:
    found = fields(data)
    return _replaced(data, found[a % len(found)], VALUES[b] if c % 4 else VALUES[b] + c) if found else data


def _replaced(data: bytes, field: Field, value: int) -> bytes:
    packed = (value % 2 ** (8 * field.width)).to_bytes(field.width, "little" if field.order == "<" else "big")
    return (data[: field.at] + packed + data[field.at + field.width :])[: max(len(data), 1)]


def _cut(data: bytes, a: int, b: int, c: int) -> bytes:
    return data[: a % len(data)]


def _cut_start(data: bytes, a: int, b: int, c: int) -> bytes:
    return data[a % min(len(data), 64) :]


def _remove(data: bytes, a: int, b: int, c: int) -> bytes:
    at = _near_start(a, len(data))
    return data[:at] + data[at + 1 + VALUES[b] % 4096 :]


def _zero(data: bytes, a: int, b: int, c: int) -> bytes:
    at, length = _near_start(a, len(data)), 1 + VALUES[b] % 4096
    return data[:at] + bytes(min(length, len(data) - at)) + data[at + length :]


def _repeat(data: bytes, a: int, b: int, c: int) -> bytes:
    at, length = _near_start(a, len(data)), 1 + VALUES[b] % 4096
    return data[: at + length] + data[at : at + length] * (1 + c % 3) + data[at + length :]


def _noise(data: bytes, a: int, b: int, c: int) -> bytes:
    at, length = _near_start(a, len(data)), 1 + c % 64
    junk = b"".join(zlib.crc32(bytes([i % 256, b])).to_bytes(4, "big") for i in range(length))
    return data[:at] + junk + data[at + length * (b % 2) :]


def _append(data: bytes, a: int, b: int, c: int) -> bytes:
    return data + (data if c % 2 else bytes(a))


def _splice(data: bytes, a: int, b: int, c: int) -> bytes:
    others = list(seed_images().values())
    other = others[c % len(others)][:100_000] or data
    at = _near_start(a, len(data))
    return data[:at] + other[min(at, len(other)) :]


def _checksums(data: bytes, a: int, b: int, c: int) -> bytes:
    """Makes the checksums of a PNG right again, so that damages before reach behind them."""
    if not data.startswith(b"\x89PNG"):
        return data
    return data[:8] + b"".join(png_chunk(chunk[4:8], chunk[8:-4]) for chunk in _pieces(data, parts(data)))


def _drop_part(data: bytes, a: int, b: int, c: int) -> bytes:
    return _with_parts(data, lambda found: found[: a % len(found)] + found[a % len(found) + 1 :])


def _repeat_part(data: bytes, a: int, b: int, c: int) -> bytes:
    at, times = lambda found: a % len(found), 2 + c % 3 if c % 50 else 200
    return _with_parts(data, lambda found: found[: at(found)] + [found[at(found)]] * times + found[at(found) + 1 :])


def _swap_parts(data: bytes, a: int, b: int, c: int) -> bytes:
    def swapped(found: list[bytes]) -> list[bytes]:
        i, j = a % len(found), c % len(found)
        found[i], found[j] = found[j], found[i]
        return found

    return _with_parts(data, swapped)


def _insert_part(data: bytes, a: int, b: int, c: int) -> bytes:
    if data.startswith(b"\x89PNG"):
        part = _HOSTILE_CHUNKS[c % len(_HOSTILE_CHUNKS)]
    elif data.startswith(b"\xff\xd8"):
        body = _HOSTILE_SEGMENTS[c % len(_HOSTILE_SEGMENTS)]
        part = body[:2] + struct.pack(">H", len(body)) + body[2:]
    else:
        part = struct.pack("<4sI", b"EXIF", 8) + OUTSIDE.encode()[:8]
    return _with_parts(data, lambda found: [*found[: a % len(found)], part, *found[a % len(found) :]])


_HOSTILE_CHUNKS = [
    png_chunk(b"tEXt", b"Title\0" + OUTSIDE.encode()),
    png_chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x63\0\0\0\0\0\0"),
    png_chunk(b"eXIf", b"II*\0\x08\0\0\0\xff\xff"),
    png_chunk(b"eXIf", b""),
    png_chunk(b"tRNS", b""),
    png_chunk(b"tRNS", bytes(300)),
    png_chunk(b"PLTE", bytes(3)),
    png_chunk(b"PLTE", bytes(10)),
    png_chunk(b"iCCP", b"\0\0" + zlib.compress(b"x" * 200)),
    png_chunk(b"iCCP", b"x" * 200),
    png_chunk(b"sBIT", b"\0\0\0\0"),
    png_chunk(b"gAMA", b"\0\0\0\0"),
    png_chunk(b"acTL", struct.pack(">II", 2**31, 0)),
    png_chunk(b"fcTL", bytes(26)),
    png_chunk(b"IDAT", b""),
    png_chunk(b"IEND", b""),
    png_chunk(b"IHDR", struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 16, 6, 0, 0, 0)),
    png_chunk(b"zTXt", b"a\0\x09x"),
    png_chunk(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(bytes(5_000_000))),
    png_chunk(b"\xff\xfe\0\n", b"x"),
]
_HOSTILE_SEGMENTS = [
    b"\xff\xe1Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x63\0\0\0\0\0\0",
    b"\xff\xe1Exif\0\0II*\0\xff\xff\xff\xff",
    b"\xff\xe1Exif\0\0",
    b"\xff\xe2ICC_PROFILE\0\1\xffabc",
    b"\xff\xe2ICC_PROFILE\0\0\0abc",
    b"\xff\xe2MPF\0II*\0\x08\0\0\0\xff\xff",
    b"\xff\xeeAdobe\0d\0\0\0\0\2",
    b"\xff\xeeAdobe\0d\0\0\0\0\7",
    b"\xff\xedPhotoshop 3.0\x008BIM\x04\x04\0\0\0\0\xff\xff",
    b"\xff\xc0\x08\xff\xff\xff\xff\3\1\x22\0\2\x11\1\3\x11\1",
    b"\xff\xc2\x08\xff\xdc\xff\xdc\1\1\x11\0",
    b"\xff\xdb\0",
    b"\xff\xc4\0",
    b"\xff\xdd\0\0",
    b"\xff\xfe" + OUTSIDE.encode(),
]


def _with_parts(data: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    spans = parts(data)
    if not spans:
        return data
    return data[: spans[0][0]] + b"".join(change(_pieces(data, spans))) + data[spans[-1][1] :]


def _pieces(data: bytes, spans: list[tuple[int, int]]) -> list[bytes]:
    return [data[start:end] for start, end in spans]


DAMAGES: dict[str, Callable[[bytes, int, int, int], bytes]] = {
    "append": _append,
    "checksums": _checksums,
    "cut": _cut,
    "cut start": _cut_start,
    "drop part": _drop_part,
    "field": _field,
    "field again": _field,
    "field once more": _field,
    "flip": _flip,
    "insert part": _insert_part,
    "noise": _noise,
    "remove": _remove,
    "repeat": _repeat,
    "repeat part": _repeat_part,
    "set": _set,
    "splice": _splice,
    "swap parts": _swap_parts,
    "zero": _zero,
}


def parts(data: bytes) -> list[tuple[int, int]]:
    """Returns the start and the end of each chunk, segment or box; none of an unknown format."""
    if data.startswith(b"\x89PNG"):
        return _walk(data, 8, lambda at: 12 + int.from_bytes(data[at : at + 4], "big"))
    if data.startswith(b"\xff\xd8"):
        spans = _walk(data, 2, lambda at: 2 + int.from_bytes(data[at + 2 : at + 4], "big"), b"\xff\xda")
        return spans + ([(spans[-1][1], len(data))] if spans and spans[-1][1] < len(data) else [])
    if data.startswith(b"RIFF"):
        return _walk(data, 12, lambda at: 8 + int.from_bytes(data[at + 4 : at + 8], "little"))
    if data[4:8] in (b"ftyp", b"jP  "):
        return _walk(data, 0, lambda at: int.from_bytes(data[at : at + 4], "big"))
    return []


def _walk(data: bytes, at: int, length: Callable[[int], int], last: bytes | None = None) -> list[tuple[int, int]]:
    spans = []
    while at + 4 <= len(data) and len(spans) < 5000 and (last is None or data[at : at + 2] != last):
        end = min(at + max(length(at), 4), len(data))
        spans.append((at, end))
        at = end
    return spans


def fields(data: bytes) -> list[Field]:
    """Returns the numbers of a file's structure: sizes, lengths, types, tags, offsets."""
    if data.startswith(b"\x89PNG"):
        header = [Field(16, 4, ">"), Field(20, 4, ">"), *(Field(at, 1, ">") for at in range(24, 29))]
        return header * 3 + [Field(start + at, 4, ">") for start, _ in parts(data) for at in (0, 4)]
    if data.startswith(b"\xff\xd8"):
        return _jpeg_fields(data)
    if data[:2] in (b"II", b"MM"):
        return _tiff_fields(data)
    if data.startswith(b"RIFF"):
        inner = [Field(start + at, 4, "<") for start, _ in parts(data) for at in (0, 4)]
        return [Field(4, 4, "<"), *inner, *(Field(at, 3, "<") for at in (24, 27))]
    if data[4:8] in (b"ftyp", b"jP  "):
        return [Field(start + at, 4, ">") for start, _ in parts(data) for at in (0, 4, 8, 12, 16)]
    return [Field(at, 4, "<") for at in range(2, min(len(data), 54), 4)] + [Field(at, 2, "<") for at in (6, 8, 26, 28)]


def _jpeg_fields(data: bytes) -> list[Field]:
    found = []
    for start, _ in parts(data):
        found += [Field(start + 1, 1, ">"), Field(start + 2, 2, ">")]
        if data[start + 1 : start + 2] in (b"\xc0", b"\xc2"):
            found += [Field(start + 5, 2, ">"), Field(start + 7, 2, ">"), Field(start + 4, 1, ">")] * 3
            found += [Field(start + at, 1, ">") for at in range(9, 19)]
    return found


def _tiff_fields(data: bytes) -> list[Field]:
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    wide, head = (8, 16) if big else (4, 8)
    number = lambda at, width: int.from_bytes(data[at : at + width], "little" if order == "<" else "big")  # noqa: E731
    found = [Field(2, 2, order), Field(head - wide, wide, order)]
    start, seen = number(head - wide, wide), set()
    while 0 < start < len(data) and start not in seen and len(seen) < 10:
        seen.add(start)
        count_width, entry = (8, 20) if big else (2, 12)
        count = min(number(start, count_width), 200)
        found.append(Field(start, count_width, order))
        for at in range(start + count_width, start + count_width + count * entry, entry):
            found += [Field(at, 2, order), Field(at + 2, 2, order), Field(at + 4, wide, order)]
            found += [Field(at + 4 + wide, width, order) for width in {2, wide}]
        link = start + count_width + count * entry
        start = number(link, wide)
        found.append(Field(link, wide, order))
    return found
