"""Trainings on gray images, on five bands and at scale 1: from the folders to the written files."""

import re
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.degradations import Bicubic
from cyclesr.models.backbones import SRResNet


def fill(folders: dict[str, Path], channels: int, lr_side: int = 16) -> None:
    """Replaces the images of ``folders`` by 16-bit TIFFs of so many bands."""
    rng = np.random.default_rng(0)
    for name, side in dict(hr=64, lr=lr_side).items():
        for path in folders[name].iterdir():
            image = rng.integers(0, 65536, (side, side, channels), dtype=np.uint16)
            data = image[..., 0] if channels == 1 else image
            options = {} if channels == 1 else dict(planarconfig="contig")
            tifffile.imwrite(path.with_suffix(".tif"), data, photometric="minisblack", metadata=None, **options)
            path.unlink()


def run(tool, config: Path, *options: object) -> Path:
    work_dir = config.parent / "run"
    done = tool("train", config, "--work-dir", work_dir, "--cfg-options", *options)
    assert done.returncode == 0, done.stderr
    return work_dir / "sr_latest.safetensors"


@pytest.mark.parametrize("channels", [1, 5])
def test_a_training_on_other_than_rgb_images(tool, config, folders, tmp_path, channels) -> None:
    fill(folders, channels)
    network = run(tool, config, f"channels={channels}", "train_dataloader.dataset.augment=True")
    model, _ = load_sr(network)
    assert isinstance(model, SRResNet)
    assert model(torch.zeros(1, channels, 8, 8)).shape == (1, channels, 32, 32)
    done = tool("infer", network, folders["lr"], "-o", tmp_path / "sr", "--device", "cpu", "--tile", 9)
    assert done.returncode == 0, done.stderr
    suffix = "png" if channels == 1 else "tif"
    written = sorted((tmp_path / "sr").iterdir())
    assert [path.name for path in written] == [f"000{i}x4.{suffix}" for i in range(1, 5)]
    if channels == 1:
        with Image.open(written[0]) as image:
            found = np.asarray(image)[..., None]
    else:
        found = tifffile.imread(written[0])
    assert (found.shape, found.dtype) == ((64, 64, channels), np.uint16)
    lr = tifffile.imread(folders["lr"] / "0001x4.tif").reshape(16, 16, channels)
    with torch.no_grad():
        whole = model(torch.from_numpy(lr.astype(np.float32) / 65535).permute(2, 0, 1)[None])[0].clamp(0, 1)
    assert np.abs(found[:20, :20] / 65535 - whole.permute(1, 2, 0).numpy()[:20, :20]).max() < 2e-4
    scored = tool(
        "test", config, network.parent / "iter_6.pth", "--device", "cpu", "--cfg-options", f"channels={channels}"
    )
    assert scored.returncode == 0, scored.stderr
    assert "| 4 |" in scored.stdout
    made = tool("degrade", network.parent / "iter_6.pth", folders["hr"], tmp_path / "made", "--device", "cpu")
    assert made.returncode == 0, made.stderr
    assert sorted(path.suffix for path in (tmp_path / "made").iterdir()) == [f".{suffix}"] * 4
    checked = tool("prepare_data", "check", "--real", folders["lr"], "--channels", channels)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["channels=5", "model.sr={'_delete_':True,'type':'SRCNN','scale':4}"],
            r"SRCNN \(model\.sr\) works on RGB images only",
        ),
        (["channels=5", "model.translator={'_delete_':True,'type':'UNIT'}"], "UNIT .*RGB images only"),
        (["channels=5", "model.sr.image_channels=4"], r"model\.sr\.image_channels is 4, not 5"),
        (["channels=0"], "channels must be a whole number from 1 on"),
        (
            ["channels=5", "test_evaluator.protocol=classic_y", "val_evaluator.protocol=classic_y"],
            "RGB images only.* 5",
        ),
        ([], "has 5 bands, but 3 channels are expected"),
    ],
)
def test_what_cannot_be_done_is_one_line(tool, config, folders, tmp_path, options, message) -> None:

    fill(folders, 5)
    arguments = ["--cfg-options", *options] if options else []
    done = tool("train", config, "--work-dir", tmp_path / "run", *arguments)
    assert done.returncode == 2
    assert re.search(message, done.stderr.splitlines()[-1])


def test_restoration_without_enlargement(tool, config, folders, tmp_path) -> None:
    fill(folders, 3, lr_side=64)
    for path in folders["lr"].iterdir():
        path.rename(path.with_name(path.name.replace("x4", "x1")))
    hr = torch.rand(2, 3, 9, 7)
    assert torch.equal(Bicubic(1)(hr), hr)
    text = config.read_text().replace("scale=4", "scale=1")
    config.write_text(text)
    network = run(tool, config, "scale=1")
    model, scale = load_sr(network)
    assert scale == 1
    assert model(torch.zeros(1, 3, 9, 7)).shape == (1, 3, 9, 7)
    done = tool("infer", network, folders["lr"], "-o", tmp_path / "sr", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "sr" / "0001x1.png") as image:
        assert image.size == (64, 64)
