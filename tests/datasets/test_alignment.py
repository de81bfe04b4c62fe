"""Alignment compared with exact shifts: a periodic image, shifted with the Fourier shift theorem."""

import json
from pathlib import Path

import numpy as np
import pytest

from cyclesr.datasets.alignment import Alignment, Limits, NotAligned, align, align_folders, find_shift
from cyclesr.errors import UserError
from cyclesr.images.reading import read_image
from cyclesr.images.writing import write_image

HEIGHT, WIDTH = 192, 208
LIMITS = Limits(shift=16)


def spectrum(seed: int) -> np.ndarray:
    """Returns the spectrum of an image ``(H, W, 3)`` with structures of about 8 pixels."""
    noise = np.random.default_rng(seed).normal(size=(HEIGHT, WIDTH, 3))
    fy, fx = np.fft.fftfreq(HEIGHT)[:, None, None], np.fft.fftfreq(WIDTH)[None, :, None]
    return np.fft.fft2(noise, axes=(0, 1)) * np.exp(-((fy**2 + fx**2) * 400))


def picture(seed: int, dy: float = 0.0, dx: float = 0.0) -> np.ndarray:
    """Returns an image ``(H, W, 3)`` in 0..255 whose content is shifted down by dy and right by dx."""
    fy, fx = np.fft.fftfreq(HEIGHT)[:, None, None], np.fft.fftfreq(WIDTH)[None, :, None]
    moved = np.fft.ifft2(spectrum(seed) * np.exp(-2j * np.pi * (fy * dy + fx * dx)), axes=(0, 1)).real
    return (128 + 25 * moved / moved.std()).clip(0, 255)


def as_uint8(image: np.ndarray) -> np.ndarray:
    return np.floor(image + 0.5).astype(np.uint8)


def small(image: np.ndarray) -> np.ndarray:
    """Averages 4x4 pixels, which makes an LR image without a shift."""
    return as_uint8(image.reshape(HEIGHT // 4, 4, WIDTH // 4, 4, 3).mean((1, 3)))


@pytest.mark.parametrize(("dy", "dx"), [(0, 0), (3, -7), (0.37, -0.62), (-11.25, 9.8), (14.5, -13.1)])
def test_finds_known_shifts(dy: float, dx: float) -> None:
    found = find_shift(small(picture(1, dy, dx)), as_uint8(picture(1)), 4, reach=16)
    assert found[:2] == pytest.approx((dy, dx), abs=0.03)
    assert found[2] > 0.99


@pytest.mark.parametrize(("dy", "dx"), [(0.4, -6.3), (-9.75, 12.5)])
def test_hr_is_moved_onto_lr_which_is_only_cropped(dy: float, dx: float) -> None:
    lr = small(picture(2, dy, dx))
    kept, moved, found = align(lr, as_uint8(picture(2)), 4, LIMITS)
    assert found.residual < 0.06
    assert moved.shape == (4 * kept.shape[0], 4 * kept.shape[1], 3)
    top, left = (int(np.ceil(max(0, d + 4) / 4)) for d in (dy, dx))
    assert (kept == lr[top : top + kept.shape[0], left : left + kept.shape[1]]).all()
    assert kept.shape[0] >= lr.shape[0] - 4
    truth = picture(2, dy, dx)[4 * top :, 4 * left :][: moved.shape[0], : moved.shape[1]]
    assert np.abs(moved - truth).max() < 2
    assert np.sqrt(((moved - truth) ** 2).mean()) < 0.7  # rounding to 8 bits contributes 0.4


def test_noise_and_blur_do_not_change_the_shift() -> None:
    lr = small(picture(3, 5.3, -2.6)).astype(float)
    blurred = (lr + np.roll(lr, 1, 0) + np.roll(lr, -1, 0) + np.roll(lr, 1, 1) + np.roll(lr, -1, 1)) / 5
    noisy = as_uint8((blurred + np.random.default_rng(0).normal(0, 3, lr.shape)).clip(0, 255))
    assert find_shift(noisy, as_uint8(picture(3)), 4, 16)[:2] == pytest.approx((5.3, -2.6), abs=0.15)


def test_16_bit_hr_stays_16_bit() -> None:
    hr = (picture(4) * 257).astype(np.uint16)
    _, moved, found = align(small(picture(4, 1.5, 0)), hr, 4, LIMITS)
    assert moved.dtype == np.uint16
    assert found.dy == pytest.approx(1.5, abs=0.03)


@pytest.mark.parametrize(
    ("lr", "limits", "reason"),
    [
        (small(picture(6)), LIMITS, "no best shift within|correlation .* below 0.9|ECC does not converge"),
        (small(picture(5, 20, 0)), LIMITS, "no best shift within 16 px|correlation .* below"),
        (np.full((48, 52, 3), 90, np.uint8), LIMITS, "no best shift within|ECC does not converge|correlation"),
        (small(picture(5)), Limits(shift=90), "too small for shifts of 90 px"),
        (small(picture(5)), Limits(shift=16, correlation=1.1), "below 1.1"),
    ],
)
def test_pairs_that_cannot_be_aligned(lr: np.ndarray, limits: Limits, reason: str) -> None:
    with pytest.raises(NotAligned, match=reason):
        align(lr, as_uint8(picture(5)), 4, limits)


def test_a_search_needs_a_reach() -> None:
    with pytest.raises(UserError, match="at least 1 HR pixel, found 0"):
        find_shift(small(picture(1)), as_uint8(picture(1)), 4, reach=0)


def test_folders(tmp_path: Path) -> None:
    write_image(tmp_path / "hr" / "0001.png", as_uint8(picture(1)))
    write_image(tmp_path / "hr" / "0002.png", as_uint8(picture(2)))
    write_image(tmp_path / "lr" / "0001x4w1.png", small(picture(1, 2.5, 0)))
    write_image(tmp_path / "lr" / "0001x4w2.png", small(picture(1, 0, -3.25)))
    write_image(tmp_path / "lr" / "0002x4w1.png", small(picture(7)))  # another scene
    write_image(tmp_path / "out" / "lr" / "0002x4w1.png", small(picture(7)))  # from a run with other limits
    found = align_folders(tmp_path / "lr", tmp_path / "hr", tmp_path / "out", 4, LIMITS)
    assert [bool(pair.dropped) for pair in found] == [False, False, True]
    assert (found[0].dy, found[1].dx) == pytest.approx((2.5, -3.25), abs=0.03)
    for part in ("lr", "hr"):
        names = sorted(path.name for path in (tmp_path / "out" / part).iterdir())
        assert names == ["0001x4w1.png", "0001x4w2.png"]
    sizes = [read_image(tmp_path / "out" / part / "0001x4w2.png").shape for part in ("lr", "hr")]
    assert sizes[1][:2] == (4 * sizes[0][0], 4 * sizes[0][1])
    report = json.loads((tmp_path / "out" / "alignment.json").read_text())
    assert [Alignment(**pair) for pair in report["pairs"]] == found
    assert report["limits"]["shift"] == 16


def test_folders_without_a_pair_left(tmp_path: Path) -> None:
    write_image(tmp_path / "hr" / "1.png", as_uint8(picture(1)))
    write_image(tmp_path / "lr" / "1.png", np.full((48, 52, 3), 90, np.uint8))
    with pytest.raises(UserError, match="None of the 1 pairs"):
        align_folders(tmp_path / "lr", tmp_path / "hr", tmp_path / "out", 4, LIMITS)
    write_image(tmp_path / "out" / "lr" / "other.png", np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(UserError, match=r"do not belong to this run.*other\.png"):
        align_folders(tmp_path / "lr", tmp_path / "hr", tmp_path / "out", 4, LIMITS)
