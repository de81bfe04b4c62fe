"""Conversion of colour spaces that files store to the RGB that screens show."""

from collections.abc import Sequence

import numpy as np

#: Of red, green and blue in the luminance of YCbCr, as JFIF and TIFF have them (BT.601).
DEFAULT_WEIGHTS = (0.299, 0.587, 0.114)
_WHITE = np.array([0.96422, 1.0, 0.82521], np.float32)  # D50, to which L*a*b* of files refers
# Linear sRGB of XYZ with that white, adapted to D65 as Bradford proposed (Lindbloom's table).
_RGB_OF_XYZ = np.array(
    [[3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.0334540], [0.0719453, -0.2289914, 1.4052427]],
    np.float32,
)
_ROWS_AT_A_TIME = 256


def from_cmyk(inks: np.ndarray) -> np.ndarray:
    """Converts (H, W, 4) inks to RGB without a profile, as decoders of JPEG do: the product of what they leave."""
    white = np.iinfo(inks.dtype).max
    left = white - inks.astype(np.uint64)
    return ((left[..., :3] * left[..., 3:4] + white // 2) // white).astype(inks.dtype)


def from_ycbcr(
    samples: np.ndarray,
    weights: Sequence[float] = DEFAULT_WEIGHTS,
    ranges: Sequence[tuple[float, float]] | None = None,
) -> np.ndarray:
    """Converts YCbCr to RGB (TIFF 6.0, section 21).

    Args:
        samples: ``(H, W, 3)`` in uint8 or uint16.
        weights: of red, green and blue in Y.
        ranges: (black, white) of Y, and (neutral, largest) of Cb and Cr; None for the whole range of values.

    Returns:
        RGB in the same dtype.
    """
    top = np.iinfo(samples.dtype).max
    middle = (top + 1) / 2
    (black, white), *chroma = ranges or [(0, top), (middle, top), (middle, top)]
    luma = (samples[..., 0].astype(np.float32) - black) * (top / (white - black))
    blue_less, red_less = (
        (samples[..., band].astype(np.float32) - neutral) * ((top - middle) / (largest - neutral))
        for band, (neutral, largest) in zip((1, 2), chroma, strict=True)
    )
    red, blue = luma + (2 - 2 * weights[0]) * red_less, luma + (2 - 2 * weights[2]) * blue_less
    green = (luma - weights[0] * red - weights[2] * blue) / weights[1]
    return np.stack([red, green, blue], -1).clip(0, top).round().astype(samples.dtype)


def from_lab(samples: np.ndarray) -> np.ndarray:
    """Converts CIE L*a*b* to sRGB; a neutral colour stays neutral.

    Args:
        samples: ``(H, W, 3)`` in uint8 or uint16, as TIFF stores them: L* from 0 to 100 over the whole range of values,
            a* and b* signed, in steps of 1 or, with 16 bits, of 1/256.

    Returns:
        sRGB in the same dtype. Colours that it does not have become the nearest value of each channel.
    """
    rows = range(0, len(samples), _ROWS_AT_A_TIME)
    return np.concatenate([_srgb_of_lab(samples[top : top + _ROWS_AT_A_TIME]) for top in rows])


def _srgb_of_lab(samples: np.ndarray) -> np.ndarray:
    top = np.iinfo(samples.dtype).max
    signed = np.ascontiguousarray(samples).view(f"i{samples.itemsize}").astype(np.float32) * (255 / top)
    signed *= np.float32(1 if samples.itemsize == 1 else 65535 / 255 / 256)
    middle = (samples[..., 0] * np.float32(100 / top) + 16) / 116
    of_xyz = np.stack([middle + signed[..., 1] / 500, middle, middle - signed[..., 2] / 200], -1)
    xyz = np.where(of_xyz > 6 / 29, of_xyz**3, (of_xyz - 4 / 29) * (3 * (6 / 29) ** 2)) * _WHITE
    linear = (xyz @ _RGB_OF_XYZ.T).clip(0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(encoded * top).astype(samples.dtype)
