"""tools/test.py as a user runs it."""

import json

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
    assert "at scale 4 HR must measure" in done.stderr


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("test_evaluator.protocl=ntire17", "SRQuality takes no argument 'protocl'. Did you mean 'protocol'?"),
        ("nokey.x=3", "Nothing reads the key 'nokey' of the config."),
    ],
)
def test_an_option_that_nothing_reads_is_one_line(option, message, in_process, config, capsys) -> None:
    assert in_process("test", config, "bicubic", "--cfg-options", option) == 2
    assert message in capsys.readouterr().err


def test_a_folder_of_images(tool, folders) -> None:
    done = tool("test", "--images", folders["hr"], "--hr", folders["hr"], "--protocol", "classic_y")
    assert done.returncode == 0, done.stderr
    assert "| classic_y | 4 | inf | 1.0000 |" in done.stdout


def test_half_a_command_is_one_line(tool, config) -> None:
    for arguments in ([], [config], [config, "bicubic", "--hr", "x"], ["--images", "x"]):
        done = tool("test", *arguments)
        assert done.returncode == 2
        assert done.stderr == ("error: Give CONFIG and CHECKPOINT (or 'bicubic'), or else --images DIR and --hr DIR.\n")


def test_options_of_the_other_way_to_score_are_one_line(in_process, config, folders, capsys) -> None:
    images = ("--images", folders["hr"], "--hr", folders["hr"])
    for arguments, message in (
        ((*images, "--cfg-options", "nokey.x=3"), "--cfg-options change a CONFIG, and --images are scored without one"),
        ((*images, "--device", "cpu"), "remove --device"),
        ((config, "bicubic", "--scale", 2), "tiny.py is x4"),
    ):
        assert in_process("test", *arguments) == 2
        assert message in capsys.readouterr().err
