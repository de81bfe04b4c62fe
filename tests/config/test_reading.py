"""Reading configs: what follows from the rest, options, and what needs no torch."""

import subprocess
import sys
from pathlib import Path

import pytest

from cyclesr.config import load_config, read_config
from cyclesr.errors import UserError


def test_tests_follow_validation_unless_they_differ() -> None:
    options = {"val_dataloader.dataset.lr": "mine", "val_evaluator.protocol": "ntire18"}
    config = load_config("demo/cyclesr_demo", options)
    assert config.test_dataloader == config.val_dataloader
    assert config.test_dataloader.dataset.lr == "mine"
    assert config.test_evaluator.protocol == "ntire18"
    config = load_config("demo/cyclesr_demo", options | {"test_dataloader.dataset.lr": "other"})
    assert (config.val_dataloader.dataset.lr, config.test_dataloader.dataset.lr) == ("mine", "other")
    assert config.test_dataloader.dataset.hr == config.val_dataloader.dataset.hr


def test_a_test_set_of_its_own_stays(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("val_dataloader = dict(a=1)\ntest_dataloader = dict(b=2)\ntest_cfg = dict()\n")
    assert load_config(tmp_path / "own.py").test_dataloader == dict(b=2)


def test_nothing_is_tested_without_a_loop(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("val_dataloader = dict(a=1)\n")
    assert set(load_config(tmp_path / "own.py")) == {"val_dataloader"}


def test_variables_of_a_file_are_left_out_and_no_options() -> None:
    assert not [key for key in load_config("demo/cyclesr_demo") if key.startswith("_")]
    with pytest.raises(UserError, match=r"'_data'.*variable"):
        load_config("demo/cyclesr_demo", {"_data": "elsewhere"})


def test_an_option_below_a_number_is_named() -> None:
    with pytest.raises(UserError, match=r"feedback_weight\.x=1.*cyclesr_demo"):
        load_config("demo/cyclesr_demo", {"model.feedback_weight.x": 1})


def test_parts_share_no_dict() -> None:
    """mmengine's optimizers change their dicts: an alias in a file may not become one in the config."""
    seen: list[int] = []

    def walk(value: object) -> None:
        if isinstance(value, dict | list):
            seen.append(id(value))
            for item in value.values() if isinstance(value, dict) else value:
                walk(item)

    config = load_config("cyclesrgan_ntire18_t4")
    walk(config._cfg_dict)
    assert len(seen) == len(set(seen))


def test_a_config_that_ends_the_process_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("scale = 2\nexit()\n")
    with pytest.raises(UserError, match=r"config\.py cannot be read: SystemExit"):
        read_config(tmp_path / "config.py")


def test_reading_needs_no_torch() -> None:
    script = """
import sys
from cyclesr.config import read_config
from cyclesr.errors import UserError
for name, options in (("unitsr_ntire18_t4", {}), ("unitsr_ntire18", {}), ("unitsr_ntire18_t4", {"scale.x": 1})):
    try:
        read_config(name, options)
    except UserError:
        print("refused")
assert "torch" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["refused"] * 2


def test_what_is_read_is_not_yet_filled_in() -> None:
    assert "scale" not in read_config("unitsr_ntire18_t4").model.sr
    assert "test_dataloader" not in read_config("unitsr_ntire18_t4")
