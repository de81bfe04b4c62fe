"""``load_from``: a training starts from the weights of an SR network, unless it resumes."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from test_checkpoints import log, run

from cyclesr.checkpoints.reading import read_checkpoint
from cyclesr.errors import UserError
from cyclesr.models.backbones import RRDBNet

RRDB = dict(
    model__sr=dict(type="RRDBNet", scale=4, channels=4, num_blocks=1, growth=4, _delete_=True),
    model__average=0.0,
)


def first_weights(config: Path, work_dir: Path, path: Path, **options: Any) -> dict[str, torch.Tensor]:
    """Returns the SR network's weights after a step of only the translator, which does not change them."""
    run(config, work_dir, load_from=str(path), train_cfg__max_iters=1, **options)
    return read_checkpoint(work_dir / "iter_1.pth")["sr_network"]["state_dict"]


def assert_equal(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_starts_from_the_sr_network_of_another_training(tiny_config: Path, tmp_path: Path) -> None:
    run(tiny_config, tmp_path / "first", train_cfg__max_iters=2)  # the second step trains the SR network
    path = tmp_path / "first" / "sr_latest.safetensors"
    weights = read_checkpoint(tmp_path / "first" / "iter_2.pth")["sr_network"]["state_dict"]
    assert_equal(first_weights(tiny_config, tmp_path / "second", path), weights)


@pytest.mark.parametrize("key", ["params_ema", "params", None])
def test_starts_from_published_weights(key: str | None, tiny_config: Path, tmp_path: Path) -> None:
    weights = RRDBNet(4, channels=4, num_blocks=1, growth=4).state_dict()
    torch.save({key: weights} if key else weights, tmp_path / "RRDB_x4.pth")
    assert_equal(first_weights(tiny_config, tmp_path / "run", tmp_path / "RRDB_x4.pth", **RRDB), weights)


def test_a_resumed_training_does_not_load_them_again(tiny_config: Path, tmp_path: Path) -> None:
    path, work_dir = tmp_path / "RRDB_x4.safetensors", tmp_path / "run"
    save_file(RRDBNet(4, channels=4, num_blocks=1, growth=4).state_dict(), path)
    options = dict(load_from=str(path), param_scheduler__sr=[], **RRDB)
    runner = run(tiny_config, work_dir, resume=True, train_cfg__max_iters=4, **options)
    assert "Nothing to resume from" in log(work_dir)
    assert runner.iter == 4
    straight = run(tiny_config, tmp_path / "straight", **options)
    path.unlink()
    resumed = run(tiny_config, work_dir, resume=True, **options)
    assert resumed.iter == 6
    assert_equal(resumed.model.state_dict(), straight.model.state_dict())


def test_other_files_are_refused(tiny_config: Path, tmp_path: Path) -> None:
    torch.save({"conv_first.weight": torch.zeros(4, 3, 3, 3)}, tmp_path / "part.pth")
    with pytest.raises(UserError, match=r"part.pth .*another model: .*conv_first.bias"):
        first_weights(tiny_config, tmp_path / "run", tmp_path / "part.pth", **RRDB)
    torch.save({"epoch": 3}, tmp_path / "log.pth")
    with pytest.raises(UserError, match=r"log.pth .*no weights"):
        first_weights(tiny_config, tmp_path / "run", tmp_path / "log.pth", **RRDB)
    with pytest.raises(UserError, match=r"absent.safetensors"):
        first_weights(tiny_config, tmp_path / "run", tmp_path / "absent.safetensors")
