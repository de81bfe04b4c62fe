"""Names of the last release: its modules, and its checkpoints."""

import importlib
import sys
import warnings
from pathlib import Path

import pytest
import torch

from cyclesr import moved
from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.config import load_config
from cyclesr.engine.launch import train
from cyclesr.errors import UserError

RELEASE = Path(__file__).parent / "data" / "release_0_1"


@pytest.mark.parametrize("former", moved.MOVED)
def test_a_former_module_is_the_one_that_took_its_place(former: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, former, raising=False)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = importlib.import_module(former)
    assert f"{former} is now {' and '.join(moved.MOVED[former])}." in [str(warning.message) for warning in said]
    for place in moved.MOVED[former]:
        present = importlib.import_module(place)
        public = [name for name in vars(present) if not name.startswith("_")]
        assert public
        assert all(getattr(found, name) is getattr(present, name) for name in public)


def test_an_unknown_name_of_a_split_module_is_an_attribute_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "cyclesr.datasets.images", raising=False)
    with pytest.warns(FutureWarning):
        found = importlib.import_module("cyclesr.datasets.images")
    with pytest.raises(AttributeError, match=r"cyclesr\.datasets\.images.*'nothing'"):
        found.nothing  # noqa: B018


@pytest.mark.parametrize("name", ["iter_4.pth", "sr_latest.safetensors"])
def test_the_sr_network_of_the_last_release_loads(name: str) -> None:
    network, scale = load_sr(RELEASE / name)
    sr = network(torch.full((1, 3, 12, 12), 0.5))
    assert scale == 4
    assert sr.shape == (1, 3, 48, 48)
    # What the last release itself made of this image, mean and spread.
    assert sr.mean().item() == pytest.approx(-0.00071611, abs=1e-6)
    assert sr.std().item() == pytest.approx(0.07001348, abs=1e-6)


def test_a_training_of_the_last_release_goes_on_as_it_would_have(tiny_config: Path, tmp_path: Path) -> None:
    """Two more iterations on the same images; the last release gave these sums of absolute weights."""
    config = load_config(str(tiny_config), {"model.translator.pool_size": 1, "experiment_name": tmp_path.name})
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "iter_4.pth").write_bytes((RELEASE / "iter_4.pth").read_bytes())
    model = train(config, work_dir=str(tmp_path / "run"), resume=True, iterations=6, device="cpu").model
    sums = [sum(p.detach().abs().sum().item() for p in part.parameters()) for part in (model, model.sr)]
    assert sums == pytest.approx([487.475716, 204.925402], rel=1e-6)


def test_a_pickled_object_of_a_former_module_is_not_loaded(tmp_path: Path) -> None:
    """Checks that a class of a former module in a pickle is rejected like any other class."""
    path = tmp_path / "iter_1.pth"
    torch.save({"sr_network": moved.MovedModules()}, path)
    with pytest.raises(UserError, match="could run code"):
        load_sr(path)
