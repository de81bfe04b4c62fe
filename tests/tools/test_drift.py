"""The command ``drift``."""

import json
import shutil
from pathlib import Path

import pytest

from cyclesr.datasets.tracks import split_and_simulate
from cyclesr.engine.launch import train


@pytest.fixture
def data(folders, tmp_path) -> Path:
    shutil.copy(folders["hr"] / "0001.png", folders["hr"] / "0005.png")
    split_and_simulate(folders["hr"], "mild", tmp_path / "track")
    return tmp_path / "track"


def test_a_row_per_checkpoint_under_the_first_evaluator(config, data, tmp_path, in_process, capsys) -> None:
    text = config.read_text().replace("test_evaluator = val_evaluator", "test_evaluator = [val_evaluator]")
    config.write_text(text)
    work_dir = tmp_path / "run"
    train(str(config), work_dir=str(work_dir), options={"train_cfg.max_iters": 4})
    assert in_process("drift", config, work_dir, "--data", data) == 0
    table = capsys.readouterr().out[-1000:]
    rows = json.loads((work_dir / "drift.json").read_text())["rows"]
    assert [row["iter"] for row in rows] == [2, 4]
    assert f"| 4 | {rows[1]['degradation_psnr']:.2f} | {rows[1]['psnr']:.2f} |" in table


def test_an_unknown_config_key_is_an_error(config, data, tmp_path, in_process, capsys) -> None:
    options = ("--cfg-options", "test_evaluator.protocl=ntire17")
    assert in_process("drift", config, tmp_path / "run", "--data", data, *options) == 2
    assert "'protocl'" in capsys.readouterr().err


def test_a_config_without_a_protocol_needs_one(config, data, tmp_path, in_process, capsys) -> None:
    config.write_text(config.read_text().replace(', protocol="plain"', ""))
    assert in_process("drift", config, tmp_path / "run", "--data", data) == 2
    assert "--protocol" in capsys.readouterr().err
    assert in_process("drift", config, tmp_path / "run", "--data", data, "--protocol", "plain") == 2
    assert "iter_*.pth" in capsys.readouterr().err
