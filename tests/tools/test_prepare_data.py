"""The command ``prepare``."""

import re
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from cyclesr.datasets import div2k
from cyclesr.images.listing import list_images
from cyclesr.images.writing import write_image

LR_CELLS = ["4", "4", "0", "12", "8"]  # images, readable, 16 bit, width, height


@pytest.fixture
def prepare(in_process: Callable[..., int]) -> Callable[..., int]:
    return partial(in_process, "prepare_data")


def fill(folder: Path, names: list[str], height: int = 32, width: int = 48) -> Path:
    for seed, name in enumerate(names):
        noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
        write_image(folder / name, noise)
    return folder


def test_track_then_check(tmp_path: Path, prepare: Callable[..., int], capsys: pytest.CaptureFixture) -> None:
    hr = fill(tmp_path / "hr", ["0001.png", "0002.png"])
    options = ("--hr", hr, "--out", tmp_path / "lr", "--track", "wild", "--numbers", 2, 2, "--sigma-x", 2)
    assert prepare("track", *options) == 0
    assert [p.name for p in list_images(tmp_path / "lr")] == [f"0002x4w{k}.png" for k in (1, 2, 3, 4)]
    assert prepare("check", "--hr", hr, "--lr", tmp_path / "lr", "--real", tmp_path / "lr", "--crop", 8) == 0
    out = capsys.readouterr().out
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if "│" in line]
    assert cells == [["hr", "2", "2", "0", "48", "32"], ["real", *LR_CELLS], ["lr", *LR_CELLS]]
    assert "width ┃ height" in out
    assert "no problem" in out


def test_check_names_ignored_files_and_warns_of_swapped_folders(tmp_path: Path, prepare, capsys) -> None:
    hr, real = fill(tmp_path / "hr", ["1.png", "2.png"]), fill(tmp_path / "real", ["1.png", "2.png", "3.png"], 32, 60)
    fill(real, ["4.png"], 8, 12)
    for name in ("a.heic", "b.HEIC", "c.raw", "README", ".hidden"):
        (real / name).touch()
    (real / "more").mkdir()
    assert prepare("check", "--hr", hr, "--real", real) == 0
    out = capsys.readouterr().out
    assert re.search(r"real: .*2 \.heic, 1 \.raw, 1 file without a suffix, 1 subfolder\n", out)
    assert not re.search(r"^hr: ", out, re.MULTILINE)
    assert "12 to 60" in out
    assert re.search(r"warning: .*real images.*HR images", out)
    assert prepare("check", "--hr", real, "--real", fill(tmp_path / "small", ["1.png"], 8, 12)) == 0
    assert "warning" not in capsys.readouterr().out


def test_the_demo_is_written_to_the_folder_of_its_configs(tmp_path: Path, prepare, capsys, monkeypatch) -> None:
    made = []

    def make_demo(out: Path, seed: int) -> dict[str, Path]:
        made.append((str(out), seed))
        return dict.fromkeys(("hr", "real", "valid_hr", "valid_lr", "hidden_lr"), out)

    monkeypatch.setattr("cyclesr.datasets.tracks.make_demo", make_demo)
    assert prepare("demo") == prepare("demo", "--seed", 3) == prepare("demo", "--out", "here") == 0
    assert made == [("data/demo_seed0", 0), ("data/demo_seed3", 3), ("here", 0)]


def test_check_finds_every_mistake(tmp_path: Path, prepare: Callable[..., int], capsys: pytest.CaptureFixture) -> None:
    hr, lr = fill(tmp_path / "hr", ["1.png", "2.png", "3.png"]), fill(tmp_path / "lr", ["1x4.png"], 40, 60)
    fill(lr, ["2x4.png"], 7, 12)
    (lr / "3x4.png").write_bytes(b"broken")
    assert prepare("check", "--hr", hr, "--lr", lr, "--real", tmp_path / "none", "--crop", 8) == 2
    out, err = capsys.readouterr()
    problems = " ".join(out.split())
    for problem in (
        r"1x4\.png .*60x40.* larger",
        r"2x4\.png .*12x7.* 1/4",
        r"2x4\.png .*12x7.* 8 pixels",
        r"3x4\.png .*6 bytes",
        r"none does not exist",
    ):
        assert re.search(problem, problems), problem
    assert "5 problems" in err.splitlines()[-1]


def test_check_goes_on_where_images_have_different_bands(tmp_path: Path, prepare, capsys) -> None:
    real = fill(tmp_path / "real", ["1.png"])
    for bands, name in ((5, "2.tif"), (2, "3.tif")):
        write_image(real / name, np.zeros((9, 9, bands), np.uint8))
    (real / "4.png").write_text("no image")
    assert prepare("check", "--real", real, "--crop", 4) == 2
    out = capsys.readouterr().out
    for words in ("same bands", r"2\.tif has 5 bands", r"3\.tif has 2 bands", r"4\.png .*corrupt"):
        assert re.search(f"- .*{words}", out)


def test_check_needs_a_folder(prepare: Callable[..., int], capsys: pytest.CaptureFixture) -> None:
    assert prepare("check") == 2
    assert re.fullmatch(r"error: .*--hr.*--real.*--lr.*\n", capsys.readouterr().err)


def test_missing_folder_is_one_line(tmp_path: Path, prepare: Callable[..., int], capsys: pytest.CaptureFixture) -> None:
    options = ("--hr", tmp_path / "absent", "--track", "mild", "--out", tmp_path / "o")
    assert prepare("track", *options) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "does not exist" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scale", 0], r"--scale: .* 1 or more.*'0'"),
        (["--seed", -1], r"--seed: .* 0 or more.*'-1'"),
        (["--variants", 0], r"--variants: .* 1 or more.*'0'"),
        (["--sigma-x", -1], r"--sigma-x: .* above 0.*'-1'"),
        (["--scale", 40], r"error: .*0001\.png .*48x32.* 40"),
    ],
)
def test_invalid_numbers_of_a_track_are_errors(arguments, message, tmp_path, prepare, capsys) -> None:
    hr = fill(tmp_path / "hr", ["0001.png"])
    assert prepare("track", "--hr", hr, "--out", tmp_path / "lr", "--track", "wild", *arguments) == 2
    assert re.search(message, capsys.readouterr().err)


def test_a_results_file_that_cannot_be_written_is_an_error_before_scoring(tmp_path, prepare, capsys) -> None:
    assert prepare("calibrate", "--data", tmp_path / "absent", "--out", tmp_path / "c.txt") == 2
    assert ".json file" in capsys.readouterr().err


def test_div2k_from_existing_archives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepare: Callable[..., int], capsys: pytest.CaptureFixture
) -> None:
    import hashlib

    image = (fill(tmp_path / "source", ["0001.png"]) / "0001.png").read_bytes()
    for name in div2k.archives(["ntire17_t2"], 2):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            archive.writestr(f"{name}/0001.png", image)
        monkeypatch.setitem(div2k.MD5, name, hashlib.md5((tmp_path / f"{name}.zip").read_bytes()).hexdigest())
    options = ("--archives", tmp_path, "--out", tmp_path / "out", "--tracks", "ntire17_t2", "--scale", 2)
    assert prepare("div2k", *options) == 0
    for folder in ("DIV2K_train_HR", "DIV2K_valid_HR", "DIV2K_train_LR_unknown/X2", "DIV2K_valid_LR_unknown/X2"):
        assert (tmp_path / "out" / folder / "0001.png").read_bytes() == image
    (tmp_path / "DIV2K_valid_HR.zip").unlink()
    assert prepare("div2k", *options) == 2
    assert "DIV2K_valid_HR" in capsys.readouterr().err


def test_calibrate_prints_and_writes_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepare: Callable[..., int], capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no_hub"))
    fill(tmp_path / "DIV2K_valid_HR", ["0801.png"])
    fill(tmp_path / "DIV2K_valid_LR_mild", ["0801x4m.png"], 8, 12)
    options = ("--data", tmp_path, "--out", tmp_path / "c.json", "--protocols", "plain", "classic_y")
    assert prepare("calibrate", *options) == 0
    out = capsys.readouterr().out
    assert "| **paper** | **unknown** |  | 23.196 / 0.563 / 0.547 |" in out
    assert (tmp_path / "c.md").read_text() in out
    assert '"ntire18_t2": 1' in (tmp_path / "c.json").read_text()


def test_align_reports_shifts_and_what_it_dropped(
    tmp_path: Path, prepare: Callable[..., int], capsys: pytest.CaptureFixture
) -> None:
    import cv2

    for seed, name in enumerate(("1", "2")):
        noise = np.random.default_rng(seed).integers(0, 256, (20, 20, 3), dtype=np.uint8)
        hr = cv2.resize(noise, (160, 160), interpolation=cv2.INTER_CUBIC)
        write_image(tmp_path / "hr" / f"{name}.png", hr)
        # The content is shifted down by 4 HR pixels. The second image shows other content.
        lr = np.roll(hr.reshape(40, 4, 40, 4, 3).mean((1, 3)), 1, 0)
        write_image(tmp_path / "lr" / f"{name}.png", (lr if name == "1" else lr[:, ::-1]).astype(np.uint8))
    options = ("--lr", tmp_path / "lr", "--hr", tmp_path / "hr", "--out", tmp_path / "out", "--max-shift", 12)
    assert prepare("align", *options) == 0
    out = capsys.readouterr().out
    assert "- dropped 2.png: " in out
    assert "shift down, HR px   median   3.98" in out
    assert re.search(r"1 pairs? .*1 dropped.*alignment\.json", " ".join(out.split()))
