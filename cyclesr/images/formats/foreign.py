"""Files that are no image, or of a format that is not read: what they are, and what to do."""

_CONVERT = "convert it to PNG, TIFF or JPEG"
_AGAIN = "download the image again"
_KINDS = (
    (b"\xff\x0a", "a JPEG XL file", _CONVERT),
    (b"\0\0\0\x0cJXL ", "a JPEG XL file", _CONVERT),
    (b"\xff\xd8\xff\xf7", "a JPEG-LS file", _CONVERT),
    (b"\xff\xd8\xff\xe8\0 SPIFF", "a JPEG-LS file", _CONVERT),
    (b"II\xbc", "a JPEG XR file", _CONVERT),
    (b"8BPS", "a Photoshop file", _CONVERT),
    (b"\0\0\1\0", "an icon", _CONVERT),
    (b"v/1\x01", "an OpenEXR file", _CONVERT),
    (b"#?RADIANCE", "a Radiance HDR file", _CONVERT),
    (b"PF", "a PFM file", _CONVERT),
    (b"P7\n", "a PAM file", _CONVERT),
    (b"DDS ", "a DDS file", _CONVERT),
    (b"qoif", "a QOI file", _CONVERT),
    (b"SIMPLE  =", "a FITS file", _CONVERT),
    (b"FUJIFILMCCD-RAW", "a camera raw file", _CONVERT),
    (b"\x93NUMPY", "a NumPy array", _CONVERT),
    (b"%PDF", "a PDF file", _CONVERT),
    (b"<svg", "an SVG drawing", _CONVERT),
    (b"<?xml", "an XML file", _CONVERT),
    (b"<!doctype html", "a web page", _AGAIN),
    (b"<html", "a web page", _AGAIN),
    (b"version https://git-lfs", "a Git LFS pointer", "fetch the image with git lfs pull"),
    (b"PK\3\4", "a ZIP archive", "unpack it"),
    (b"\x1f\x8b", "a gzip archive", "unpack it"),
)
_HEIC_BRANDS = (b"heic", b"heix", b"heif", b"mif1", b"msf1", b"hevc")  # bytes 8 to 12 of HEIC files


def describe_foreign(start: bytes) -> str:
    """Returns what a file is by its first 64 bytes, as ``is a PDF file ...``; ``""`` if that is unknown."""
    if start[4:8] == b"ftyp" and start[8:12] in _HEIC_BRANDS:
        return "is a HEIC file, which is not read: convert it to JPEG or PNG."
    begins = start.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    found = next((kind for kind in _KINDS if start.startswith(kind[0]) or begins.startswith(kind[0])), None)
    return f"is {found[1]}, which is not read: {found[2]}." if found else ""
