"""ICC colour profiles: inserting one into a JPEG."""

_SEGMENT = 65519  # bytes of profile per JPEG segment, which holds 65535 including its length and the ICC header

LARGEST_PROFILE = 255 * _SEGMENT  # bytes


def with_profile(jpeg: bytes, profile: bytes) -> bytes:
    """Inserts an ICC profile after the first header of a JPEG, split into segments with lengths of 16 bits.

    Args:
        jpeg: the file.
        profile: up to :data:`LARGEST_PROFILE` bytes.
    """
    parts = [profile[i : i + _SEGMENT] for i in range(0, len(profile), _SEGMENT)]
    segments = b""
    for number, part in enumerate(parts, 1):
        body = b"ICC_PROFILE\0" + bytes([number, len(parts)]) + part
        segments += b"\xff\xe2" + (2 + len(body)).to_bytes(2, "big") + body
    first = 4 + int.from_bytes(jpeg[4:6], "big")  # end of SOI and JFIF's APP0
    return jpeg[:first] + segments + jpeg[first:]
