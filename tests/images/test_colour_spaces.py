"""Colour spaces of files against littleCMS, OpenCV and the definitions."""

import numpy as np
import pytest
from PIL import Image, ImageCms

from cyclesr.images.colour_spaces import from_cmyk, from_lab, from_ycbcr

COLOURS = np.random.default_rng(0).integers(0, 256, (300, 7, 3), dtype=np.uint8)


def test_cmyk_is_the_product_of_what_inks_leave() -> None:
    inks = np.random.default_rng(1).integers(0, 256, (9, 7, 4), dtype=np.uint8)
    left = 1 - inks / 255
    assert np.array_equal(from_cmyk(inks), np.rint(left[..., :3] * left[..., 3:] * 255).astype(np.uint8))


@pytest.mark.parametrize("bits", [8, 16])
def test_ycbcr_of_jfif(bits) -> None:
    kind, top = (np.uint8, 255) if bits == 8 else (np.uint16, 65535)
    rgb = COLOURS.astype(np.float64) * (top / 255)
    luma = rgb @ [0.299, 0.587, 0.114]
    chroma = [(rgb[..., band] - luma) / scale + (top + 1) / 2 for band, scale in ((2, 1.772), (0, 1.402))]
    ycbcr = np.rint(np.stack([luma, *chroma], -1).clip(0, top)).astype(kind)
    assert np.abs(from_ycbcr(ycbcr) - rgb).max() <= 2
    assert from_ycbcr(ycbcr).dtype == kind


def test_ycbcr_of_video() -> None:
    """BT.709 with the levels of video: black is 16, white 235."""
    samples = np.array([[[16, 128, 128], [235, 128, 128], [63, 102, 240]]], np.uint8)
    found = from_ycbcr(samples, (0.2126, 0.7152, 0.0722), [(16, 235), (128, 240), (128, 240)])
    assert np.abs(found.astype(int) - [[[0, 0, 0], [255, 255, 255], [255, 0, 0]]]).max() <= 2


def test_lab_of_8_bits_as_littlecms_converts_it() -> None:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    stored = ImageCms.profileToProfile(Image.fromarray(COLOURS // 2 + 64), srgb, lab, outputMode="LAB")
    expected = np.asarray(ImageCms.profileToProfile(stored, lab, srgb, outputMode="RGB")).astype(int)
    error = np.abs(from_lab(np.asarray(stored)) - expected)
    assert np.percentile(error, 99) <= 2  # littleCMS interpolates in a table, with errors up to 12
    assert error.mean() < 0.3


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_neutral_lab_is_neutral(kind) -> None:
    ramp = np.zeros((1, 256, 3), kind)
    ramp[0, :, 0] = np.arange(256) * (np.iinfo(kind).max // 255)
    found = from_lab(ramp).astype(float) / np.iinfo(kind).max
    assert np.ptp(found, axis=2).max() < 0.003
    assert np.allclose(found[0, [0, -1], 0], [0, 1], atol=0.003)
    relative = ((100 * np.arange(256) / 255 + 16) / 116) ** 3  # luminance of L*
    bright = np.arange(256) > 40
    encoded = 1.055 * relative ** (1 / 2.4) - 0.055
    assert np.abs(found[0, :, 1] - encoded)[bright].max() < 0.004


def test_lab_of_16_bits_agrees_with_8() -> None:
    small = np.zeros((20, 20, 3), np.uint8)
    small[..., 0] = 150
    signed = small.view(np.int8)
    signed[..., 1], signed[..., 2] = np.arange(-10, 10)[:, None], np.arange(-20, 20, 2)
    deep = (signed.astype(np.int16) * 256).view(np.uint16).copy()
    deep[..., 0] = 150 * 257
    assert np.abs(from_lab(deep) / 257 - from_lab(small)).max() <= 0.51
