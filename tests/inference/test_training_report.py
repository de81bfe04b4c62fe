"""The report on a training: its pieces against the training itself, and the page in a real browser."""

import base64
import json
import logging
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import browser
import cv2
import numpy as np
import pytest
import torch
from scenes import scene, write_scene

from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.cli.main import run_command
from cyclesr.degradations.blur import Blur
from cyclesr.degradations.imresize import imresize
from cyclesr.engine.conclusion import conclude
from cyclesr.engine.launch import train
from cyclesr.errors import UserError
from cyclesr.images.reading import read_image
from cyclesr.images.tensors import to_array, to_tensor
from cyclesr.inference.training_report import TrainingReport
from cyclesr.inference.training_report.curves import groups
from cyclesr.inference.training_report.record import read_record
from cyclesr.inference.upscale import Upscaler

OPTIONS = {
    "model.sr.channels": 4,
    "model.sr.num_blocks": 1,
    "train_dataloader.batch_size": 2,
    "train_dataloader.num_workers": 0,
    "train_dataloader.dataset.cache": None,
    "optim_wrapper.amp": "none",
    "train_cfg.val_interval": 2,
    "default_hooks.logger.interval": 1,
    "default_hooks.checkpoint.interval": 2,
}


def draw(folder: Path, seeds: range, side: int, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
    for seed in seeds:
        image = torch.from_numpy(scene(seed, side).transpose(2, 0, 1))[None]
        write_scene(folder / f"{seed}.png", change(image)[0].numpy().transpose(1, 2, 0))


@pytest.fixture(scope="module")
def work_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work dir of four iterations on drawings, with the report."""
    home = tmp_path_factory.mktemp("report")
    draw(home / "sharp", range(3), 240, lambda image: image)
    draw(home / "mine", range(3, 6), 160, Blur(sigma=1.0))
    draw(home / "valid_hr", range(6, 7), 128, lambda image: image)
    draw(home / "valid_lr", range(6, 7), 128, lambda image: Blur(sigma=1.0)(imresize(image, scale=0.5)))
    torch.manual_seed(0)
    train(
        "own_images/camera",
        work_dir=str(home / "run"),
        folders=(str(home / "sharp"), str(home / "mine")),
        held_out=(str(home / "valid_hr"), str(home / "valid_lr")),
        iterations=4,
        scale=2,
        device="cpu",
        options={**OPTIONS, "experiment_name": home.name},
    )
    run_command(["report", str(home / "run"), "--device", "cpu"])
    return home / "run"


@pytest.fixture(scope="module")
def text(work_dir: Path) -> str:
    return (work_dir / "report.html").read_text(encoding="utf-8")


def pixels(text: str, alt: str) -> np.ndarray:
    """The decoded pixels (H, W, 3) of the first image with this text in its place."""
    data = re.search(rf'alt="{re.escape(alt)}"[^>]*src="data:image/\w+;base64,([^"]+)"', text)[1]
    return cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def test_the_page_says_what_was_trained(text: str, work_dir: Path) -> None:
    for words in ("4 of 4", "finished", "EDSR", "Camera<wbr>Degradation", "own images", "does not sharpen"):
        assert words in text
    titles = re.findall("<h2>(.*?)</h2>", text)
    assert titles == ["Images", "Verdict", "Degradation", "Camera", "Curves", "Settings"]
    config = (work_dir / "camera.py").read_text(encoding="utf-8")
    assert config.splitlines()[-1].split("=")[0] in text
    verdict = json.loads((work_dir / "verdict.json").read_text())
    assert ("Better than bicubic on 3 images" in text) == verdict["better"]
    assert f"score {verdict['score']:.2f}" in text


def test_nothing_is_loaded_from_elsewhere(text: str) -> None:
    assert re.findall(r"(?:src|href)=\"(?!data:|#)[^\"]*", text) == []
    assert "default-src 'none'" in text
    assert "@import" not in text
    assert "url(http" not in text


def test_images_are_those_of_the_network(text: str, work_dir: Path) -> None:
    names = re.findall(r'<figure data-name="([^"]+)"', text)
    assert names == ["6.png", "3.png", "4.png", "5.png"]  # held out, real
    network, scale = load_sr(work_dir / "sr_latest.safetensors")
    lr = to_tensor(read_image(work_dir.parent / "valid_lr" / "6.png"))
    expected = {
        "SR": Upscaler(network, scale)(lr),
        "bicubic": imresize(lr.double(), scale=2),
        "HR": to_tensor(read_image(work_dir.parent / "valid_hr" / "6.png")),
    }
    for title, image in expected.items():
        shown = pixels(text, f"{title}: 6.png")
        assert shown.shape == (128, 128, 3)
        assert np.abs(shown.astype(int) - to_array(image)).mean() < 2.5  # the error of JPEG at edges
    assert re.search(r"6\.png, 128x128 pixels, held-out pair; PSNR of this part: SR \d\d\.\d\d dB", text)


def test_strips_show_the_training_data(text: str, work_dir: Path) -> None:
    assert text.count('<figure class="strip">') == 3
    hr, real = (read_image(work_dir.parent / folder) for folder in ("sharp/0.png", "mine/3.png"))
    syn = imresize(to_tensor(hr[24:216, 24:216]), scale=0.5)
    assert np.array_equal(pixels(text, "real"), real[32:128, 32:128])
    assert np.abs(pixels(text, "syn").astype(int) - to_array(syn)).max() <= 1
    # G1 blurs: the steepest edges lose contrast from pixel to pixel.
    blurred, sharp = (
        np.quantile(np.abs(np.diff(pixels(text, name).astype(int), axis=0)), 0.99) for name in ("fake_real", "syn")
    )
    assert blurred < 0.8 * sharp


def test_curves_hold_what_was_logged(work_dir: Path) -> None:
    record = read_record(work_dir)
    found = dict(groups(record))
    assert found.keys() == {
        "Validation: PSNR, dB",
        "Validation: SSIM",
        "Losses of the SR network",
        "Learning rates",
        "Norms of gradients",
    }
    steps, values = found["Losses of the SR network"]["loss_sr"]
    assert steps.tolist() == [1, 2, 3, 4]
    assert values.tolist() == [entry["loss_sr"] for entry in record.losses]
    assert found["Validation: PSNR, dB"]["psnr"][0].tolist() == [2, 4]


def test_resumed_runs_are_joined_and_an_unfinished_line_is_passed_over(tmp_path: Path) -> None:
    def log(run: str, text: str) -> None:
        (tmp_path / run / "vis_data").mkdir(parents=True)
        (tmp_path / run / "vis_data" / "scalars.json").write_text(text)

    (tmp_path / "mine.py").write_text("# a\n# b\nscale = 2\nmodel = dict(sr=dict(type='EDSR'))\n")
    log("20260101_000000", "".join(f'{{"loss_sr": {i}.0, "iter": {i}, "step": {i}}}\n' for i in (1, 2, 3, 4)))
    log("20260102_000000", '{"loss_sr": 30.0, "iter": 3, "step": 3}\n{"psnr": 25.0, "step": 3}\n{"loss_sr": 40.0, "it')
    record = read_record(tmp_path)
    assert [(entry["step"], entry["loss_sr"]) for entry in record.losses] == [(1, 1), (2, 2), (3, 30)]
    assert [entry["psnr"] for entry in record.scores] == [25]
    assert record.comment == ("a", "b")
    assert (record.setting("model.sr.type"), record.setting("model.translator.type"), record.setting("x.y")) == (
        "EDSR",
        None,
        None,
    )


def test_an_unfinished_training_without_its_images(work_dir: Path, tmp_path: Path) -> None:
    place = shutil.copytree(work_dir, tmp_path / "run")
    for file in (*place.glob("*.pth"), place / "verdict.json"):
        file.unlink()
    log = next(place.glob("*/vis_data/scalars.json"))
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:2]))
    config = place / "camera.py"
    config.write_text(config.read_text().replace(str(work_dir.parent), str(tmp_path / "moved")))
    page = TrainingReport(place, "cpu").write()
    text = page.read_text(encoding="utf-8")
    assert "2 of 4" in text
    assert "not finished" in text
    assert re.search("No verdict: .*moved/mine.* does not exist", text)
    assert re.search("Held-out pairs are not shown: .*moved/valid_lr", text)
    assert re.search("No images of the degradation: .*checkpoint", text)
    assert not (place / "verdict.json").exists()
    (place / "sr_latest.safetensors").unlink()
    assert "No verdict: the training has not written a network yet" in TrainingReport(place, "cpu").html()


def test_an_error_of_the_report_is_one_line_of_the_log(
    work_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr(TrainingReport, "html", fail)
    logged: list[tuple[str, int]] = []
    monkeypatch.setattr("cyclesr.engine.conclusion.print_log", lambda text, logger, level: logged.append((text, level)))
    assert len(conclude(work_dir, verdict=True)) >= 1  # the verdict is said all the same
    assert conclude(tmp_path, verdict=False) == []  # no training
    for text, level in logged:
        assert level == logging.WARNING
        assert "\n" not in text
    assert "first line second line" in logged[0][0]
    assert f"cyclesr report {tmp_path}" in logged[1][0]


def test_folders_without_a_training_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere does not exist"):
        TrainingReport(tmp_path / "nowhere")
    with pytest.raises(UserError, match="holds no training"):
        TrainingReport(tmp_path)
    (tmp_path / "sr_latest.safetensors").touch()
    with pytest.raises(UserError, match="is a file: give the folder"):
        TrainingReport(tmp_path / "sr_latest.safetensors")


@pytest.mark.slow
def test_the_page_in_a_browser(work_dir: Path) -> None:
    page_file = work_dir / "report.html"
    with browser.opened() as page:
        for width, phone in ((1280, False), (390, True)):
            page.open(page_file, width, 844, phone=phone)
            assert page.run("document.documentElement.scrollWidth") == width  # nothing sticks out
            assert page.run("[...document.images].every(image => image.naturalWidth > 0)")
            assert page.run("[...document.querySelectorAll('svg')].length") >= 5
        assert set(page.requests()) == {page_file.resolve().as_uri()}
        assert page.complaints() == []


@pytest.mark.slow
def test_text_can_be_read_in_both_themes(work_dir: Path) -> None:
    """The contrast of text and of the axes of charts is at least 4.5, as WCAG asks for."""
    script = """(() => {
      const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
      const light = (colour) => parts(colour).slice(0, 3).map(c => c / 255)
        .map(c => c <= 0.04 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
      const behind = (one) => { while (parts(getComputedStyle(one).backgroundColor)[3] === 0) one = one.parentElement;
        return light(getComputedStyle(one).backgroundColor); };
      return ['h1', 'section p', 'section .soft', 'nav a', 'dt', 'svg text', 'summary', 'th', 'td'].map(kind => {
        const one = document.querySelector(kind), style = getComputedStyle(one);
        const [a, b] = [light(kind === 'svg text' ? style.fill : style.color), behind(one)].sort((a, b) => b - a);
        return (a + 0.05) / (b + 0.05); }); })()"""
    with browser.opened() as page:
        for dark in (False, True):
            page.open(work_dir / "report.html", 1280, 844, dark=dark)
            assert min(page.run(script)) > 4.5


@pytest.mark.slow
def test_the_border_moves_and_the_image_is_zoomed_and_moved(work_dir: Path) -> None:
    clip = "getComputedStyle(document.querySelectorAll('figure:not([hidden]) img[data-version]')[1]).clipPath"
    transform = "getComputedStyle(document.querySelector('figure:not([hidden]) img')).transform"
    share = "Number(document.querySelector('figure:not([hidden]) [role=slider]').getAttribute('aria-valuenow'))"

    def matrix() -> tuple[float, ...]:
        return tuple(map(float, re.findall(r"-?[\d.]+(?:e-?\d+)?", page.run(transform))))

    with browser.opened() as page:
        page.open(work_dir / "report.html", 1280, 844)
        x, y, width, height = page.box(".stage")
        assert page.run(share) == 50
        page.drag((x + width / 2, y + height / 2), (x + width / 4, y + height / 2))
        assert page.run(share) == 25
        # The clip of the SR image begins where the border stands: in the pixels of the image.
        scale, _, _, _, left, _ = matrix()
        assert scale == pytest.approx(height / 128)
        cut = float(re.findall(r"([\d.]+)px\)", page.run(clip))[0])
        assert cut == pytest.approx(max(width / 4 - left, 0) / scale, abs=0.5)

        page.run("document.querySelector('figure:not([hidden]) [role=slider]').focus()")
        page.send("Input.dispatchKeyEvent", type="keyDown", key="ArrowRight")
        assert page.run(share) == 27

        page.click(".tools button:nth-child(4)")  # larger
        page.click(".tools button:nth-child(4)")
        assert matrix()[0] == pytest.approx(2.25 * scale, rel=1e-3)
        before = matrix()
        x, y, width, height = page.box(".stage")
        page.drag((x + 0.8 * width, y + height / 2), (x + 0.8 * width - 40, y + height / 2 - 30))
        after = matrix()
        assert (after[4] - before[4], after[5] - before[5]) == pytest.approx((-40, -30), abs=0.5)
        assert page.run(share) == 27  # only the image has moved
        place = (x + width / 2, y + height / 2)
        page.mouse("mouseWheel", *place, deltaX=0, deltaY=-100, modifiers=2)  # with Ctrl
        assert matrix()[0] > after[0]
        page.click(".tools button:nth-child(1)")  # fit
        assert matrix()[0] == pytest.approx(scale)

        page.click(".thumbs button:nth-child(3)")
        assert page.run("document.querySelector('.viewer figure:not([hidden])').dataset.name") == "4.png"
        assert page.run(share) == 27  # kept for the next image
        page.click(".thumbs button:nth-child(1)")
        page.run(
            "(() => { const choice = document.querySelector('figure:not([hidden]) select.right'); choice.value = 'HR';"
            "choice.dispatchEvent(new Event('change')); })()"
        )
        shown = (
            "[...document.querySelectorAll('figure:not([hidden]) img')].filter(i => i.style.visibility == 'visible')"
        )
        assert page.run(f"{shown}.map(i => i.dataset.version)") == ["bicubic", "HR"]


@pytest.mark.slow
def test_fingers_move_the_border_and_pinch(work_dir: Path) -> None:
    share = "Number(document.querySelector('figure:not([hidden]) [role=slider]').getAttribute('aria-valuenow'))"
    with browser.opened() as page:
        page.open(work_dir / "report.html", 390, 844, phone=True)
        x, y, width, height = page.box(".stage")

        def touch(kind: str, *points: tuple[float, float]) -> None:
            places = [{"x": x + a * width, "y": y + b * height, "id": i} for i, (a, b) in enumerate(points)]
            page.send("Input.dispatchTouchEvent", type=kind, touchPoints=places)

        touch("touchStart", (0.5, 0.5))
        touch("touchMove", (0.75, 0.5))
        touch("touchEnd")
        assert page.run(share) == pytest.approx(75, abs=1)
        shown = "document.querySelector('.tools output').value"
        before = int(page.run(shown).split()[0])
        touch("touchStart", (0.4, 0.5), (0.6, 0.5))
        touch("touchMove", (0.2, 0.5), (0.8, 0.5))
        touch("touchEnd")
        assert int(page.run(shown).split()[0]) > 2 * before
