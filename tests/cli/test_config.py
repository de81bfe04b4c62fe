"""``cyclesr config`` prints what a training would use; ``cyclesr train`` takes scale, folders and held-out pairs."""

from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config

from cyclesr.cli.main import run_command
from cyclesr.config import load_config
from cyclesr.engine import launch
from cyclesr.errors import UserError


def test_prints_the_resolved_config(tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_command(["config", "unitsr_ntire18_t4", "--scale", "2", "--cfg-options", "model.sr.num_blocks=3"])
    printed = Config.fromstring(capsys.readouterr().out, ".py").to_dict()
    assert printed == load_config("unitsr_ntire18_t4", {"scale": 2, "model.sr.num_blocks": 3}).to_dict()
    assert printed["model"]["sr"] == dict(type="SRResNet", scale=2, channels=64, num_blocks=3, norm="batch")


def test_prints_a_config_with_a_mistake_too(capsys) -> None:
    with pytest.raises(UserError, match=r"'num_block'.*'num_blocks'"):
        run_command(["config", "unitsr_ntire18_t4", "--cfg-options", "model.sr.num_block=3"])
    assert "num_block=3" in capsys.readouterr().out


def test_train_hands_over_folders_pairs_and_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    class StoppedError(Exception):
        pass

    def train(config: str, **settings: Any) -> None:
        given.update(settings, config=config)
        raise StoppedError

    monkeypatch.setattr(launch, "train", train)
    words = "--hr a --real b --val-hr c --val-lr d --scale 3 --iterations 9"
    with pytest.raises(StoppedError):
        run_command(["train", "own_images/network", *words.split()])
    assert (given["config"], given["scale"], given["iterations"]) == ("own_images/network", 3, 9)
    assert (given["folders"], given["held_out"]) == (("a", "b"), ("c", "d"))


@pytest.mark.parametrize("words", ["--val-hr a", "--val-lr a"])
def test_held_out_pairs_are_two_folders(words: str) -> None:
    with pytest.raises(UserError, match="--val-hr and --val-lr go together"):
        run_command(["train", "unitsr_ntire18_t4", *words.split()])


def test_other_scales_are_refused(capsys) -> None:
    with pytest.raises(SystemExit):
        run_command(["train", "unitsr_ntire18_t4", "--scale", "5"])
    assert "2, 3, 4, 8" in capsys.readouterr().err
