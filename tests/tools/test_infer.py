"""The command ``infer``."""

import re
from pathlib import Path

import cv2
import pytest
import torch

from cyclesr.registry import SR_BACKBONES

CONFIG = dict(type="SRResNet", scale=4, channels=4, num_blocks=1)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "net.pth"
    state = SR_BACKBONES.build(dict(CONFIG)).state_dict()
    torch.save(dict(sr_network=dict(config=CONFIG, scale=4, state_dict=state)), path)
    return path


def test_a_corrupt_image_fails_with_exit_code_2_after_the_others(tool, checkpoint, folders, tmp_path) -> None:
    (folders["lr"] / "0002x4.png").write_bytes(b"\x89PNG cut")
    done = tool(
        "infer", checkpoint, folders["lr"], "-o", tmp_path / "sr", "--device", "cpu", "--tile", "9", "--ensemble"
    )
    assert done.returncode == 2
    assert "0002x4.png" in done.stderr
    assert "1 of 4 images" in done.stderr.splitlines()[-1]
    assert sorted(path.name for path in (tmp_path / "sr").iterdir()) == ["0001x4.png", "0003x4.png", "0004x4.png"]
    assert cv2.imread(str(tmp_path / "sr" / "0001x4.png")).shape == (64, 64, 3)


def test_one_image_to_one_file(tool, checkpoint, folders, tmp_path) -> None:
    done = tool("infer", checkpoint, folders["lr"] / "0001x4.png", "-o", tmp_path / "sr.png", "--device", "cpu")
    assert f"1 image written to {tmp_path / 'sr.png'}" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.pth", "x.png", "-o", "y"], "x.png"),
        (["nowhere.pth", ".", "-o", "y"], "no image"),
    ],
)
def test_mistakes_are_one_line(tool, arguments, message) -> None:
    done = tool("infer", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_file_that_is_not_a_checkpoint_is_an_error_of_one_line(tool, folders, tmp_path) -> None:
    torch.save({"params_ema": {}}, tmp_path / "other.pth")
    done = tool("infer", tmp_path / "other.pth", folders["lr"], "-o", tmp_path / "sr")
    assert done.returncode == 2
    assert re.search(r"'sr_network'.*params_ema", done.stderr)
    assert len(done.stderr.splitlines()) == 1
