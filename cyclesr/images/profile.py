"""ICC profiles, which say what an image's colours mean: out of any file, and into a JPEG."""

from pathlib import Path

from cyclesr.images.reading import open_header

_SEGMENT = 65519  # bytes: a JPEG segment holds 65535, its length and the profile's heading among them


def profile_of(path: Path, gray: bool) -> bytes:
    """The ICC profile, if it is one of the colours that were decoded: one of CMYK, say, is not."""
    with open_header(path) as header:
        profile: bytes = header.info.get("icc_profile") or b""
    return profile if profile[16:20] == (b"GRAY" if gray else b"RGB ") else b""


def with_profile(jpeg: bytes, profile: bytes) -> bytes:
    """A JPEG with an ICC profile, cut into segments that a length of 16 bits can count, behind its first header."""
    parts = [profile[i : i + _SEGMENT] for i in range(0, len(profile), _SEGMENT)]
    segments = b""
    for number, part in enumerate(parts, 1):
        body = b"ICC_PROFILE\0" + bytes([number, len(parts)]) + part
        segments += b"\xff\xe2" + (2 + len(body)).to_bytes(2, "big") + body
    first = 4 + int.from_bytes(jpeg[4:6], "big")  # behind SOI and JFIF's APP0
    return jpeg[:first] + segments + jpeg[first:]
