"""Each protocol compared with its definition, written a second time with loops."""

import math

import numpy as np
import pytest
import torch

from cyclesr.errors import UserError
from cyclesr.metrics.protocols import PROTOCOLS, get_protocol
from cyclesr.metrics.psnr import psnr
from cyclesr.metrics.ssim import ssim


def smooth(size: int, seed: int = 0) -> np.ndarray:
    coarse = torch.from_numpy(np.random.default_rng(seed).random((1, 3, size // 4, size // 4)) * 255)
    image = torch.nn.functional.interpolate(coarse, (size, size), mode="bicubic", align_corners=False)
    return image[0].permute(1, 2, 0).numpy().clip(0, 255).round().astype(np.uint8)


def moved(hr: np.ndarray, dy: int, dx: int, gain: float = 1.0, seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 6, hr.shape)
    return (np.roll(hr, (dy, dx), (0, 1)) * gain + noise).clip(0, 255).round().astype(np.uint8)


def db(first: np.ndarray, second: np.ndarray) -> float:
    return 10 * math.log10(255**2 / np.mean((first.astype(float) - second) ** 2))


def test_all_protocols_are_there():
    assert {"ntire17", "ntire18", "cyclesr", "cyclesr_y", "shift40", "ntire20", "classic_y", "plain"} <= set(PROTOCOLS)
    for name in PROTOCOLS:
        assert get_protocol(name, 2).name == name
        assert len(get_protocol(name, 2).source) > 20


def test_plain_and_ntire20():
    hr = smooth(48)
    sr = moved(hr, 0, 0)
    assert get_protocol("plain").score(sr, hr) == {"psnr": psnr(sr, hr), "ssim": ssim(sr, hr)}
    assert get_protocol("ntire20").score(sr, hr) == {"psnr": psnr(sr, hr), "ssim": ssim(sr, hr, window="uniform7")}


@pytest.mark.parametrize(("scale", "border"), [(2, 8), (4, 10)])
def test_ntire17_cuts_6_plus_scale(scale, border):
    hr = smooth(48)
    sr = moved(hr, 0, 0)
    cut = np.s_[border:-border, border:-border]
    assert get_protocol("ntire17", scale).score(sr, hr) == {
        "psnr": psnr(sr[cut], hr[cut]),
        "ssim": ssim(sr[cut], hr[cut]),
    }


def test_classic_y_rounds_luma():
    hr = smooth(40)
    sr = moved(hr, 0, 0)
    weights = np.array([65.481, 128.553, 24.966]) / 255
    first, second = (np.floor(16 + image[4:-4, 4:-4] @ weights + 0.5) for image in (sr, hr))
    assert get_protocol("classic_y", 4).score(sr, hr)["psnr"] == pytest.approx(db(first, second), abs=1e-9)


def test_cyclesr_compares_sr_with_every_window_of_hr():
    hr = smooth(64)
    sr = moved(hr, 3, -6)
    expected = max(
        db(sr[10:-10, 10:-10], hr[10 + dy : 54 + dy, 10 + dx : 54 + dx])
        for dy in range(-10, 11)
        for dx in range(-10, 11)
    )
    scores = get_protocol("cyclesr").score(sr, hr)
    assert scores["psnr"] == pytest.approx(expected, abs=1e-9)
    assert (scores["shift_y"], scores["shift_x"]) == (-3, 6)
    assert scores["ssim"] == pytest.approx(ssim(sr[10:-10, 10:-10], hr[7:51, 16:60]), abs=1e-12)


def test_cyclesr_does_not_round_but_clamps():
    hr = torch.full((3, 40, 40), 1.0)
    sr = torch.full((3, 40, 40), 1 - 0.4 / 255)
    assert get_protocol("cyclesr").score(sr, hr)["psnr"] == pytest.approx(10 * math.log10(255**2 / 0.4**2), abs=1e-3)
    assert get_protocol("plain").score(sr, hr)["psnr"] == math.inf
    assert get_protocol("cyclesr").score(sr + 0.5, hr)["psnr"] == math.inf


def test_cyclesr_y_scores_luma():
    hr = smooth(48)
    sr = moved(hr, 0, 0)
    cut = np.s_[10:-10, 10:-10]
    scores = get_protocol("cyclesr_y").score(sr, hr)
    assert scores["psnr"] == pytest.approx(psnr(sr[cut], hr[cut], luma=True), abs=1e-9)


def test_shift40_moves_the_result():
    hr = smooth(112)
    sr = moved(hr, 31, -17)
    scores = get_protocol("shift40").score(sr, hr, subpixel=True)
    assert (scores["shift_y"], scores["shift_x"]) == (31, -17)
    assert scores["psnr"] == pytest.approx(db(sr[71:103, 23:55], hr[40:72, 40:72]), abs=1e-9)
    assert scores["psnr_subpixel"] >= scores["psnr"]


def test_ntire18_as_its_scoring_program():
    hr = smooth(164)
    sr = moved(hr, -13, 6, gain=0.93)
    result, reference = (image[10:-10, 10:-10].astype(float) for image in (sr, hr))
    window = reference[42:102, 42:102]

    def candidate(dy: int, dx: int) -> np.ndarray:
        return result[42 + dy : 102 + dy, 42 + dx : 102 + dx]

    shifts = [(dy, dx) for dy in range(-15, -10) for dx in range(3, 9)]
    expected = max(db(candidate(*s) * (window.mean() / candidate(*s).mean()), window) for s in shifts)
    even = [(dy, dx) for dy, dx in shifts if dy % 2 == dx % 2 == 0]
    expected_ssim = max(ssim(candidate(*s) / 255, window / 255, window="ntire18") for s in even)

    scores = get_protocol("ntire18").score(sr, hr)
    assert scores["psnr"] == pytest.approx(expected, abs=1e-9)
    assert scores["ssim"] == pytest.approx(expected_ssim, abs=1e-9)
    assert (scores["shift_y"], scores["shift_x"]) == (-13, 6)


def test_ntire18_needs_room_for_its_shifts():
    with pytest.raises(UserError, match=r"132x132.*60 pixels.*40"):
        get_protocol("ntire18").score(smooth(152), smooth(152))


def test_sides_are_cropped_to_multiples_of_the_scale():
    hr = smooth(184)
    sr = moved(hr, 0, 0)
    ragged = [np.pad(image, ((0, 3), (0, 1), (0, 0))) for image in (sr, hr)]
    assert get_protocol("ntire18").score(*ragged) == get_protocol("ntire18").score(sr, hr)


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_scores_of_images_with_nan_are_nan(name: str) -> None:
    hr = torch.rand(3, 160, 160, generator=torch.Generator().manual_seed(0))
    sr = hr.clone()
    sr[0, 0, 0] = math.nan
    whole, broken = (get_protocol(name).score(image, hr, subpixel=True) for image in (hr, sr))
    assert list(broken) == list(whole)
    assert all(math.isnan(score) for score in broken.values())


def test_unknown_protocol_names_the_nearest():
    with pytest.raises(UserError, match=r"'ntire19'.*Did you mean.*'ntire18'"):
        get_protocol("ntire19")
