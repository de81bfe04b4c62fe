"""Calibration on flat images, whose scores are known by hand."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from cyclesr.errors import UserError
from cyclesr.experiments import calibration
from cyclesr.experiments.calibration import as_dict, calibrate, candidates, markdown, write_table
from cyclesr.images.writing import write_image
from cyclesr.metrics.protocols import PROTOCOLS, Protocol, get_protocol, register_protocol

RGB = 20 * math.log10(255 / 10)  # HR 100, LR 110: 28.131 dB
LUMA = 20 * math.log10(255 / (10 * (65.481 + 128.553 + 24.966) / 255))  # BT.601 studio range: 29.453 dB


@pytest.fixture
def div2k(tmp_path: Path) -> Path:
    def flat(name: str, side: int, value: int) -> None:
        write_image(tmp_path / name, np.full((side, side, 3), value, np.uint8))

    for number in ("0801", "0802"):
        flat(f"DIV2K_valid_HR/{number}.png", 64, 100)
        flat(f"DIV2K_valid_LR_unknown/X4/{number}x4.png", 16, 110)
        flat(f"DIV2K_valid_LR_wild/{number}x4w.png", 16, 105 if number == "0801" else 110)
    return tmp_path


@pytest.fixture(autouse=True)
def _no_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no_hub"))
    calibration.load_lpips.cache_clear()


def test_scores_of_the_tracks_that_are_present(div2k: Path) -> None:
    rows, images = calibrate(div2k, ["plain_y", "ntire17"], ["matlab", "pil", "cv2"])
    assert images == {"ntire17_t2": 2, "ntire18_t4": 2}
    assert len(rows) == 6
    for row in rows:
        expected = LUMA if row.protocol.luma else RGB
        assert row.tracks["ntire17_t2"]["psnr"] == pytest.approx(expected, abs=1e-6)
        # Half the error is 6.02 dB more; the mean of the images' PSNR lies in the middle.
        assert row.tracks["ntire18_t4"]["psnr"] == pytest.approx(expected + 10 * math.log10(2), abs=1e-6)
        assert row.distance == pytest.approx(expected - (23.976 + 22.579) / 2 + 5 * math.log10(2), abs=1e-6)
    assert [row.protocol.name for row in rows] == ["ntire17"] * 3 + ["plain_y"] * 3  # the nearest first


def test_only_the_first_images(div2k: Path) -> None:
    rows, images = calibrate(div2k, ["plain"], images=1)
    assert images == {"ntire17_t2": 1, "ntire18_t4": 1}
    assert rows[0].tracks["ntire18_t4"]["psnr"] == pytest.approx(RGB + 20 * math.log10(2), abs=1e-6)


@pytest.mark.slow
def test_workers_score_the_same(div2k: Path) -> None:
    assert calibrate(div2k, ["plain"], workers=2) == calibrate(div2k, ["plain"])


def test_table_and_json_hold_the_papers_figures(div2k: Path, tmp_path: Path) -> None:
    rows, images = calibrate(div2k, ["plain"])
    lines = markdown(rows, images).splitlines()
    assert lines[0] == "| bicubic | protocol | off by, dB | ntire17_t2 (2 images) | ntire18_t4 (2 images) |"
    assert lines[2] == "| **paper** | **unknown** |  | 23.976 / 0.644 / 0.487 | 22.579 / 0.543 / 0.572 |"
    assert lines[3].startswith("| matlab | plain | 6.358 | 28.131 / 0.995 | 31.141 / 0.997 |")
    found = as_dict(rows, images)["rows"][0]["tracks"]["ntire17_t2"]
    assert found["difference"]["psnr"] == pytest.approx(RGB - 23.976, abs=1e-6)
    assert [path.name for path in write_table(tmp_path / "t.json", rows, images)] == ["t.json", "t.md"]
    assert (tmp_path / "t.md").read_text().splitlines() == lines
    with pytest.raises(UserError, match=r"\.json file"):
        write_table(tmp_path / "t.csv", rows, images)


def test_candidates_are_all_protocols_on_rgb_and_on_y() -> None:
    found = candidates()
    assert found.keys() >= PROTOCOLS.keys()
    assert all(protocol.name == name for name, protocol in found.items())
    assert {"ntire17_y", "ntire18_y", "shift40_y", "ntire18_nogain"} <= found.keys()
    assert "classic_y_y" not in found
    assert found["ntire18_nogain"].shift.gain is False
    assert found["ntire18_y"].luma == "float"
    assert (found["ntire18_y_nogain"].luma, found["ntire18_y_nogain"].shift.gain) == ("float", False)


def test_mistakes(div2k: Path) -> None:
    with pytest.raises(UserError, match=r"no validation set .*DIV2K_valid_HR .*DIV2K_valid_LR_mild"):
        calibrate(div2k / "DIV2K_valid_HR")
    with pytest.raises(UserError, match=r"protocol 'ntire71'.*'ntire17'"):
        calibrate(div2k, ["ntire71"])
    with pytest.raises(UserError, match=r"bicubic 'opencv'"):
        calibrate(div2k, ["plain"], ["opencv"])
    with pytest.raises(UserError, match=r"0801x4.png.* ntire18: "):
        calibrate(div2k, ["ntire18"])


@pytest.fixture
def load_a_plugin() -> Iterator[Callable[[], object]]:
    def of_a_plugin(scale: int) -> Protocol:
        return Protocol("of_a_plugin", "a plugin")

    yield lambda: register_protocol(of_a_plugin)
    PROTOCOLS.pop("of_a_plugin", None)


def test_protocols_of_plugins_are_candidates(
    div2k: Path, load_a_plugin: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cyclesr.experiments.calibration.load_plugins", load_a_plugin)
    rows, _ = calibrate(div2k, ["of_a_plugin"])
    assert rows[0].tracks["ntire17_t2"]["psnr"] == pytest.approx(RGB, abs=1e-6)


def test_protocols_of_plugins_are_found(load_a_plugin: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cyclesr.metrics.protocols.load_plugins", load_a_plugin)
    assert get_protocol("of_a_plugin").source == "a plugin"
