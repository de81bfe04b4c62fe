"""Bit depths: samples of any kind become 8 or 16 bits."""

import numpy as np

from cyclesr.images.contents import UnsupportedError

DEEP = np.uint16


def scaled(samples: np.ndarray, bits: int) -> np.ndarray:
    """Scales unsigned samples of any number of bits to uint8, or to uint16 if they have more than 8.

    The largest value stays the largest: 1023 of 10 bits becomes 65535.

    Args:
        samples: unsigned integers, or bool.
        bits: number of significant bits of a sample.

    Raises:
        UnsupportedError: samples of more than 16 bits use only the lowest 16, so that the image would be black.
    """
    if bits in (8, 16):
        return samples.astype(np.uint8 if bits == 8 else DEEP, copy=False)
    if bits > 16 and 0 < (largest := int(samples.max())) < 2**16:
        raise UnsupportedError(
            f"has {bits} bits per sample, but no value above {largest}: it would be almost black. Save it with 16 bits."
        )
    white, kind = (255, np.uint8) if bits < 8 else (65535, DEEP)
    return (samples * (white / (2**bits - 1)) + 0.5).astype(kind)


def from_floats(samples: np.ndarray) -> np.ndarray:
    """Converts floats in [0, 1] to uint16.

    Raises:
        UnsupportedError: a value is not in [0, 1].
    """
    lowest, highest = float(samples.min()), float(samples.max())
    if not (lowest >= 0 and highest <= 1):
        raise UnsupportedError(
            f"has {samples.dtype} samples from {lowest:g} to {highest:g}, but floats must be in [0, 1]: scale them, or "
            "save it with 8 or 16 bits."
        )
    return (samples.astype(np.float64) * 65535 + 0.5).astype(DEEP)
