"""Checkpoints whose content is made to do harm: they are refused in one line, and nothing of theirs runs."""

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from cyclesr.checkpoints.building import build_described
from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.checkpoints.trust import require_networks
from cyclesr.errors import UserError
from cyclesr.registry import SR_BACKBONES

CONFIG = dict(type="SRResNet", scale=2, channels=4, num_blocks=1)


def file_with(folder: Path, weights: Any = None, scale: Any = 2, **config: Any) -> Path:
    network = SR_BACKBONES.build(dict(CONFIG))
    entry = dict(config=CONFIG | config, scale=scale, state_dict=network.state_dict() if weights is None else weights)
    torch.save({"sr_network": entry}, folder / "a.pth")
    return folder / "a.pth"


@pytest.mark.parametrize("sizes", [dict(num_blocks=10**9), dict(channels=10**5), dict(channels=10**12)], ids=str)
def test_a_network_that_is_larger_than_its_weights_is_not_built(tmp_path: Path, sizes: dict[str, int]) -> None:
    with pytest.raises(UserError, match=r"a\.pth.*(much larger than the weights|cannot be built)"):
        load_sr(file_with(tmp_path, **sizes))


@pytest.mark.parametrize("wrong", [dict(channels=2.5), dict(channels=-1), dict(channels=[4]), dict(norm=3)], ids=str)
def test_arguments_that_the_network_does_not_expect(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"cannot be built|is a whole number|do not fit|must be"):
        load_sr(file_with(tmp_path, **wrong))


@pytest.mark.parametrize("scale", [0, -1, 10**9, True, 2.0, "2", None], ids=str)
def test_scales_out_of_range(tmp_path: Path, scale: Any) -> None:
    with pytest.raises(UserError, match="must be an integer from 1 to 64"):
        load_sr(file_with(tmp_path, scale=scale))


@pytest.mark.parametrize("value", [None, "x", {}, torch.eye(4).to_sparse(), torch.zeros(4, device="meta")], ids=str)
def test_weights_that_are_no_plain_tensors(tmp_path: Path, value: Any) -> None:
    with pytest.raises(UserError, match="weights must be tensors of numbers, by name"):
        load_sr(file_with(tmp_path, weights={"head.weight": value}))
    with pytest.raises(UserError, match="weights must be tensors of numbers, by name"):
        load_sr(file_with(tmp_path, weights=[value]))


def test_expanded_weights_do_not_allow_a_large_network(tmp_path: Path) -> None:
    weights = {"head.weight": torch.zeros(1).expand(10**5, 10**5)}
    with pytest.raises(UserError, match=r"much larger than the weights|cannot be built"):
        build_described(SR_BACKBONES, CONFIG | dict(channels=10**4), weights, "a.pth")


@pytest.fixture
def module_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Writes a module with a network into the current folder, and notes in a file that it was imported."""
    source = "from pathlib import Path\nfrom torch import nn\nPath('ran').touch()\nclass Net(nn.Identity): pass\n"
    (tmp_path / "came_with_the_checkpoint.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), "", *sys.path])
    monkeypatch.delenv("PYTHONPATH", raising=False)
    return tmp_path


def test_a_module_in_the_current_folder_is_not_imported(module_beside: Path) -> None:
    with pytest.raises(UserError, match=r"'came_with_the_checkpoint' is not installed.*PYTHONPATH"):
        require_networks(dict(type="came_with_the_checkpoint.Net"), "a.pth")
    assert not (module_beside / "ran").exists()


def test_a_module_on_pythonpath_is_imported(module_beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(module_beside))
    require_networks(dict(type="came_with_the_checkpoint.Net"), "a.pth")
    assert (module_beside / "ran").exists()
    sys.modules.pop("came_with_the_checkpoint")


def test_modules_of_python_are_not_imported() -> None:
    assert "antigravity" not in sys.modules  # it opens a browser
    with pytest.raises(UserError, match="not a class of networks"):
        require_networks(dict(type="antigravity.fly"), "a.pth")
    assert "antigravity" not in sys.modules


def test_classes_of_torch_are_networks() -> None:
    network = build_described(SR_BACKBONES, dict(type="torch.nn.Upsample", scale_factor=2), {}, "a.pth")
    assert isinstance(network, nn.Upsample)
