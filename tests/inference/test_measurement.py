"""The report on one's own images, and the command that writes it, on drawings whose blur is known."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from scenes import scene

from cyclesr.cli.main import run_command
from cyclesr.degradations.blur import Blur
from cyclesr.degradations.camera import measure_images
from cyclesr.errors import UserError
from cyclesr.images.jpeg import encode_jpeg
from cyclesr.images.reading import read_image
from cyclesr.inference.measurement import FolderMeasurement, camera_findings, findings, measure_folders


def drawing(seed: int, side: int, pitch: int = 32) -> np.ndarray:
    """Squares of random gray on gray, one every so many pixels, sharp, with a little noise."""
    random = np.random.default_rng(seed)
    image = np.full((side, side, 3), 128.0)
    for top, left in np.ndindex(side // pitch, side // pitch):
        image[pitch * top + 5 :, pitch * left + 5 :][: pitch - 10, : pitch - 10] = random.uniform(30, 225)
    return image + random.normal(0, 1.5, image.shape)


def write(path: Path, image: np.ndarray, quality: int | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.rint(image.clip(0, 255)).astype(np.uint8)
    if quality is None:
        cv2.imwrite(str(path), pixels[..., ::-1])
    else:
        path.write_bytes(encode_jpeg(pixels, quality))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("measure")
    for seed in range(3):
        write(home / "soft" / f"{seed}.jpg", cv2.GaussianBlur(drawing(seed, 256, 64), (0, 0), 1.2), 90)
        write(home / "sharp" / f"{seed}.png", drawing(10 + seed, 320, 64))
    (home / "soft" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    write(home / "soft" / "small.png", drawing(0, 40))
    return home


def test_a_report_in_numbers_and_words(home: Path) -> None:
    report = measure_folders(home / "soft", home / "sharp", scale=2)
    real, hr = report.real, report.hr
    assert (real.found, len(real.camera.images)) == (5, 3)
    assert real.few
    broken, small = real.passed_over
    assert "broken.png" in broken
    assert "small.png measures 40x40" in small
    # MTF50 of the blur is sqrt(ln 2 / 2) / (pi * 1.2) = 0.16; steps from pixel to pixel are sharper than photographs.
    assert 0.14 < real.sharpness.half < 0.25
    assert set(real.compression.qualities) == {90}
    assert real.compression.in_files == 3
    assert len(real.groups) == 1
    assert hr is not None
    assert hr.comparison.verdict == "sharper"
    assert not any((hr.swapped, hr.same_camera, hr.not_larger))
    words = {finding.title: finding for finding in findings(report)}
    assert "3 of 5" in words["Images"].text
    assert "rough" in words["Images"].advice
    assert "does not sharpen" in words["Sharpness"].text
    assert "quality 90; chroma 4:2:0 in all" in words["Compression"].text
    assert "sharper" in words["HR images"].text
    assert words["HR images"].advice == ""


def said_of(images: list[np.ndarray], name: str) -> str:
    """What is said of the camera that took images in [0, 1], under a title."""
    real = FolderMeasurement(Path("mine"), len(images), measure_images(images), ())
    return {finding.title: finding.text for finding in camera_findings(real, 4)}[name]


def test_sharpness_in_words() -> None:
    scenes = [torch.from_numpy(scene(seed, 160).transpose(2, 0, 1))[None] for seed in range(2)]
    soften, wide = Blur(sigma=1.0), Blur(sigma=2.0)

    def sharpened(image: torch.Tensor) -> torch.Tensor:
        return (2.5 * soften(image) - 1.5 * wide(soften(image))).clamp(0, 1)

    def seen(change: Callable[[torch.Tensor], torch.Tensor]) -> list[np.ndarray]:
        return [change(one)[0].numpy().transpose(1, 2, 0) for one in scenes]

    soft = said_of(seen(soften), "Sharpness")
    assert "does not sharpen" in soft
    # A Gaussian of 1 px has half of its contrast at 0.187 cycles per pixel, half a period of which is 2.7 px.
    assert float(re.search(r"Details of (\d\.\d) pixels", soft)[1]) == pytest.approx(2.7, rel=0.2)
    assert "raises the contrast" in said_of(seen(sharpened), "Sharpness")
    assert "more than half" in said_of([scene(seed, 160) for seed in range(2)], "Sharpness")


def test_what_cannot_be_measured_in_words() -> None:
    empty = [np.zeros((9, 9, 3))]
    assert "too few sharp, isolated edges (0)" in said_of(empty, "Sharpness")
    assert "No image has flat areas" in said_of(empty, "Noise")
    assert "No JPEG" in said_of(empty, "Compression")
    assert "Fewer than" in said_of(empty, "Groups")


def test_swapped_folders_and_folders_of_one_camera_are_recognised(home: Path) -> None:
    swapped = measure_folders(home / "sharp", home / "soft", scale=1)
    assert swapped.hr is not None
    assert swapped.hr.swapped
    assert any("swapped" in finding.advice for finding in findings(swapped))
    same = measure_folders(home / "sharp", home / "sharp", scale=1)
    assert same.hr is not None
    assert (same.hr.comparison.verdict, same.hr.same_camera, same.hr.swapped) == ("alike", True, False)
    assert "Same camera" in [finding.title for finding in findings(same)]


def test_an_enlarged_folder_is_recognised(tmp_path: Path) -> None:
    for seed in range(3):
        large = cv2.resize(drawing(seed, 128), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        write(tmp_path / "large" / f"{seed}.png", large)
    report = measure_folders(tmp_path / "large", scale=2)
    assert (report.real.enlargement.factor, report.real.enlargement.traces) == (2, 3)
    (finding,) = [finding for finding in findings(report) if finding.title == "Enlarged before"]
    assert "--scale 4" in finding.advice


def test_one_line_for_what_cannot_be_measured(tmp_path: Path, home: Path) -> None:
    write(tmp_path / "small" / "a.png", drawing(0, 40))
    with pytest.raises(UserError, match=r"a\.png measures 40x40"):
        measure_folders(tmp_path / "small", scale=2)
    write(tmp_path / "flat" / "b.png", np.full((100, 100, 3), 90.0))
    with pytest.raises(UserError, match=r"flat.*edges"):
        measure_folders(tmp_path / "flat", scale=2)
    (tmp_path / "flat" / "a.png").write_bytes(b"broken")  # not the reason
    with pytest.raises(UserError, match=r"flat.*edges.*a\.png"):
        measure_folders(tmp_path / "flat", scale=2)
    with pytest.raises(UserError, match="does not exist"):
        measure_folders(tmp_path / "none", scale=2)
    with pytest.raises(UserError, match="holds no image"):
        measure_folders(tmp_path, scale=2)


def test_the_command_writes_numbers_a_picture_and_a_page(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "deep" / "out"
    run_command(["measure", str(home / "soft"), "--hr", str(home / "sharp"), "--scale", "2", "--out", str(out)])
    printed = capsys.readouterr().out
    for words in ("Sharpness", "JPEG", "sharper", "passed over", "broken.png", "measurement.html"):
        assert words in printed
    assert sorted(path.name for path in out.iterdir()) == ["measurement.html", "measurement.json", "measurement.png"]
    numbers = json.loads((out / "measurement.json").read_text(encoding="utf-8"))
    assert numbers["hr"]["verdict"] == "sharper"
    assert numbers["real"]["groups"] == [dict(files=["0.jpg", "1.jpg", "2.jpg"], differs_in=[])]
    assert len(numbers["real"]["mtf"]) == len(numbers["real"]["frequencies"])
    assert read_image(out / "measurement.png").std() > 10
    page = (out / "measurement.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 4
    assert "width=device-width" in page
    assert not re.search(r"<(script|link|img|iframe)|@import|(src|href)=\"(?!#)|url\((?!#)", page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
