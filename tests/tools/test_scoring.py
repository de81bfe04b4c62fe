"""The command ``test``."""

import json
import re

import pytest


def test_bicubic_on_the_test_set_of_a_config(tool, config, tmp_path) -> None:
    done = tool("test", config, "bicubic", "--out", tmp_path / "results.json", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    content = json.loads((tmp_path / "results.json").read_text())
    assert (content["method"], content["protocol"], len(content["images"])) == ("bicubic", "plain", 4)
    assert f"| bicubic | plain | 4 | {content['means']['psnr']:.3f} |" in done.stdout


def test_config_options_reach_the_test_set(tool, config, folders) -> None:
    done = tool("test", config, "bicubic", "--cfg-options", f"test_dataloader.dataset.lr={folders['hr']}")
    assert done.returncode == 2
    assert re.search(r"scale 4.*HR", done.stderr)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("test_evaluator.protocl=ntire17", r"SRQuality.*'protocl'.*'protocol'"),
        ("nokey.x=3", r"'nokey'"),
    ],
)
def test_an_unknown_config_key_is_an_error(option, message, tool, config) -> None:
    done = tool("test", config, "bicubic", "--cfg-options", option)
    assert done.returncode == 2
    assert re.search(message, done.stderr)


def test_a_folder_of_images(tool, folders) -> None:
    done = tool("test", "--images", folders["hr"], "--hr", folders["hr"], "--protocol", "classic_y")
    assert done.returncode == 0, done.stderr
    assert "| classic_y | 4 | inf | 1.0000 |" in done.stdout


def test_an_incomplete_command_is_an_error_of_one_line(tool, config) -> None:
    for arguments in ([], [config], [config, "bicubic", "--hr", "x"], ["--images", "x"]):
        done = tool("test", *arguments)
        assert done.returncode == 2
        assert re.fullmatch(r"error: .*CONFIG.*CHECKPOINT.*--images.*--hr.*\n", done.stderr)


def test_options_that_do_not_go_together_are_an_error(tool, config, folders) -> None:
    images = ("--images", folders["hr"], "--hr", folders["hr"])
    for arguments, message in (
        ((*images, "--cfg-options", "nokey.x=3"), r"--cfg-options.*--images"),
        ((*images, "--device", "cpu"), r"--device"),
        ((config, "bicubic", "--scale", 2), r"scale=2"),
    ):
        done = tool("test", *arguments)
        assert done.returncode == 2
        assert re.search(message, done.stderr)
