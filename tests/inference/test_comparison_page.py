"""The page of ``cyclesr infer --compare``, and the progress of ``cyclesr infer``."""

import base64
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cyclesr.cli.main import run_command
from cyclesr.degradations.imresize import imresize
from cyclesr.images.tensors import to_array
from cyclesr.inference import comparison_page
from cyclesr.inference.pages.viewer import ImageViewer
from cyclesr.progress import MegapixelsColumn, PixelBar
from cyclesr.registry import SR_BACKBONES


@SR_BACKBONES.register_module()
class NearestForComparison(nn.Module):
    def __init__(self, scale: int = 2) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, lr: Tensor) -> Tensor:
        return lr.repeat_interleave(self.scale, 2).repeat_interleave(self.scale, 3)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "net.pth"
    torch.save(dict(sr_network=dict(config=dict(type="NearestForComparison", scale=2), scale=2, state_dict={})), path)
    return path


def smooth(path: Path, height: int, width: int, channels: int = 3) -> np.ndarray:
    """Writes an image that JPEG hardly changes."""
    path.parent.mkdir(exist_ok=True)
    small = np.random.default_rng(len(path.name)).integers(0, 256, (4, 4, channels), dtype=np.uint8)
    image = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(path), image)
    return image


def shown(text: str) -> dict[str, np.ndarray]:
    """The images (H, W, 3) of a page in BGR, by their texts."""
    found = re.findall(r'data-version="[^"]+" alt="([^"]+)"[^>]*src="data:image/jpeg;base64,([^"]+)"', text)
    return {alt: cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), 1) for alt, data in found}


def test_the_page_compares_the_central_parts(checkpoint, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(comparison_page, "MOST_SIDE", 64)
    photos = tmp_path / "photos"
    image = smooth(photos / "large.png", 80, 60)
    smooth(photos / "small.png", 20, 24)
    smooth(photos / "alpha.png", 20, 20, 4)
    smooth(photos / "gray.png", 20, 20, 1)
    out = tmp_path / "sr"
    run_command(["infer", str(checkpoint), str(photos), "-o", str(out), "--device", "cpu", "--tile", "9", "--compare"])
    said = capsys.readouterr().out
    assert re.search(r"4 images written to .*sr \(0\.0 megapixels in .* per second\)", said)
    assert f"written: {out / 'compare.html'}" in said
    text = (out / "compare.html").read_text(encoding="utf-8")
    images = shown(text)
    assert len(images) == 8
    crop = image[24:56, 14:46]  # the central 32x32 LR pixels
    bicubic = imresize(torch.from_numpy(crop.transpose(2, 0, 1)).double() / 255, scale=2)
    for title, expected in {"SR": crop.repeat(2, 0).repeat(2, 1), "bicubic": to_array(bicubic)}.items():
        assert np.abs(images[f"{title}: large.png"].astype(int) - expected).mean() < 2
    assert images["SR: small.png"].shape == (40, 48, 3)
    assert "large.png, 64x64 pixels, of 120x160" in text
    assert "small.png, 48x40 pixels<" in text
    assert "4 of 4 images, enlarged 2 times" in text


def test_one_file_has_its_page_beside_it_or_elsewhere(checkpoint, tmp_path, capsys) -> None:
    smooth(tmp_path / "in" / "a.png", 20, 20)
    command = ["infer", str(checkpoint), str(tmp_path / "in" / "a.png"), "-o", str(tmp_path / "out" / "b.png")]
    run_command([*command, "--device", "cpu", "--compare"])
    run_command([*command, "--device", "cpu", "--compare", str(tmp_path / "page.html")])
    run_command([*command, "--device", "cpu"])
    for page in (tmp_path / "out" / "compare.html", tmp_path / "page.html"):
        assert len(shown(page.read_text(encoding="utf-8"))) == 2


def test_a_large_folder_is_shown_in_part(monkeypatch) -> None:
    page = comparison_page.ComparisonPage("many", 1000, 2)
    pixels = np.zeros((8, 8, 3), np.uint8)
    for number in range(1000):
        bands = [*page.watch(number, f"{number}.png", pixels, iter([np.full((16, 16, 3), 9, np.uint8)]))]
        assert bands[0].shape == (16, 16, 3)
    names = re.findall(r'data-name="(\d+)\.png"', page._viewer.html())
    assert len(names) == comparison_page.MOST_IMAGES
    assert (names[0], names[-1]) == ("0", "999")


def test_images_beyond_the_limit_of_a_page_are_named() -> None:
    noise = torch.rand(3, 64, 64)
    viewer = ImageViewer(most_bytes=30_000)
    for name in ("a<b>", "c", "d"):
        viewer.add(name, {"bicubic": noise, "SR": noise})
    assert len(viewer) == 1
    assert 'data-name="a&lt;b&gt;"' in viewer.html()
    assert "Left out, to keep this file small: c, d." in viewer.html()


def test_progress_counts_pixels_and_forgets_what_failed() -> None:
    bar = PixelBar([100, 300, 0])
    task = bar._progress.tasks[0]
    with bar:
        bar.begin("a.png")
        bar.advance(0, 100)
        bar.end(0)
        assert (task.completed, task.total, task.fields["files"]) == (100, 400, "1/3")
        bar.advance(1, 100)
        bar.end(1)  # it failed
        assert (task.completed, task.total) == (200, 200)
        bar.advance(2, 50)  # its size was not known
        bar.end(2)
    assert (task.completed, task.total, task.fields["files"]) == (250, 250, "3/3")
    assert MegapixelsColumn().render(task).plain in ("",) or "MP/s" in MegapixelsColumn().render(task).plain
