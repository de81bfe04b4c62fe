"""Gray images and four bands from the folders to every file, without a config that says what they are."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from scenes import scene
from test_train_own_images import TINY

from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.cli.main import run_command
from cyclesr.config import load_config
from cyclesr.degradations.blur import Blur
from cyclesr.errors import UserError
from cyclesr.images.reading import read_image
from cyclesr.inference.training_report import TrainingReport

HTML = TrainingReport.html  # the fixture ``tool`` replaces it


def write(path: Path, image: np.ndarray, channels: int) -> None:
    """Writes ``(H, W, 3)`` in [0, 1] as a 16-bit TIFF of so many bands."""
    bands = image.mean(2, keepdims=True) if channels == 1 else np.concatenate([image, 1 - image[..., :1]], 2)
    pixels = (65535 * bands.clip(0, 1)).round().astype(np.uint16)
    path.parent.mkdir(exist_ok=True)
    tifffile.imwrite(path, pixels.squeeze(), photometric="minisblack", planarconfig="contig", metadata=None)


def make(folder: Path, channels: int) -> tuple[Path, Path]:
    """Returns two folders of two images: sharp ones, and soft gray ones or those of a camera that sharpens bands."""
    camera = Blur(sigma=1.0) if channels == 1 else Blur(kernel=[[0, -0.05, 0], [-0.05, 1.2, -0.05], [0, -0.05, 0]])
    for seed in range(2):
        write(folder / "sharp" / f"{seed}.tif", scene(seed, 240), channels)
        seen = camera(torch.from_numpy(scene(2 + seed, 160).transpose(2, 0, 1))[None])[0]
        write(folder / "mine" / f"{seed}.tif", seen.numpy().transpose(1, 2, 0), channels)
    return folder / "sharp", folder / "mine"


@pytest.mark.slow
@pytest.mark.parametrize(("channels", "kind", "config"), [(1, "gray", "blur_noise"), (4, "4 bands", "camera")])
def test_from_the_folders_to_the_report_and_the_onnx_file(
    tool, tmp_path, capfd, monkeypatch, channels, kind, config
) -> None:
    monkeypatch.setattr(TrainingReport, "html", HTML)
    sharp, mine = make(tmp_path, channels)
    folders = ("--hr", sharp, "--real", mine, "--scale", 2)
    run_command(["measure", str(mine), "--hr", str(sharp), "--scale", "2"])
    said = " ".join(capfd.readouterr().out.split())
    assert re.search(f"160x160 pixels, {kind}.*educed by 2, they are", said)
    values = json.loads((tmp_path / "work_dirs" / "measure" / "measurement.json").read_text())
    assert len(values["real"]["images"][0]["noise"]["correlation"]) == channels * (channels - 1) // 2

    name = f"experiment_name={tmp_path.name}"
    done = tool("train", *folders, "--iterations", 4, "--cfg-options", name, *TINY)
    assert done.returncode == 0, done.stderr
    assert re.search(rf"of {mine} \({kind}\).*own_images/{config}.*than bicubic on 2 images", done.stdout, flags=re.S)
    place = tmp_path / "work_dirs" / "mine"
    recipe = load_config(place / "recipe.py")
    assert (recipe.channels, recipe.model.translator.get("bits")) == (channels, 16 if config == "camera" else None)
    network, _ = load_sr(place / "sr_latest.safetensors")
    assert network(torch.zeros(1, channels, 8, 8)).shape == (1, channels, 16, 16)
    page = (place / "report.html").read_text()
    assert "No images" not in page
    assert page.count('class="strip"') == 2

    export = tool("export", place / "sr_latest.safetensors", tmp_path / "net.onnx", "--format", "onnx")
    assert export.returncode == 0, export.stderr
    session = pytest.importorskip("onnxruntime").InferenceSession(tmp_path / "net.onnx")
    lr = read_image(mine / "0.tif", channels).transpose(2, 0, 1)[None] / np.float32(65535)
    (sr,) = session.run(["sr"], {"lr": lr.astype(np.float32)})
    enlarged = tool("infer", place / "sr_latest.safetensors", mine, "-o", tmp_path / "up", "--compare")
    assert enlarged.returncode == 0, enlarged.stderr
    written = read_image(next((tmp_path / "up").glob("0.*")), channels)
    np.testing.assert_allclose(written.transpose(2, 0, 1) / 65535, sr[0].clip(0, 1), atol=2e-4)
    assert "<figure" in (tmp_path / "up" / "compare.html").read_text()


def test_what_does_not_go_together_is_one_line(tool, tmp_path) -> None:
    sharp, mine = make(tmp_path, 4)
    perceptual = tool("train", "--hr", sharp, "--real", mine, "--scale", 2, "--recipe", "perceptual")
    assert perceptual.returncode == 2
    assert re.search("perceptual recipe needs RGB.* found 4 bands", perceptual.stderr.splitlines()[-1])
    write(sharp / "2.tif", scene(3, 240), 1)
    done = tool("train", "--hr", sharp, "--real", mine)
    assert done.returncode == 2
    differ = r"same bands.*0\.tif has 4 and .*2\.tif has 1"
    assert re.search(differ, done.stderr.splitlines()[-1])
    with pytest.raises(UserError, match=differ):
        run_command(["measure", str(mine), "--hr", str(sharp), "--scale", "2"])
