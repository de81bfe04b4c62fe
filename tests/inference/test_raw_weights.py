"""``cyclesr infer`` with somebody else's weights: spandrel recognises them, or a line says how to import them."""

import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from cyclesr.cli.main import run_command
from cyclesr.errors import UserError
from cyclesr.images.reading import read_image
from cyclesr.images.tensors import to_array, to_tensor
from cyclesr.images.writing import write_image
from cyclesr.inference.networks import load_network
from cyclesr.registry import SR_BACKBONES

pytest.importorskip("spandrel")

COMPACT = dict(type="Spandrel", scale=2, arch="Compact", num_feat=8, num_conv=2)


@pytest.fixture
def network() -> torch.nn.Module:
    return SR_BACKBONES.build(dict(COMPACT)).eval()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_weights_that_spandrel_recognises_are_used(suffix: str, network, tmp_path: Path, capsys) -> None:
    weights, path = network.to_public(network.state_dict()), tmp_path / f"2x somebody's{suffix}"
    if suffix == ".pth":
        torch.save({"params-ema": weights, "params": {k: torch.zeros_like(v) for k, v in weights.items()}}, path)
    else:
        save_file(weights, path)
    write_image(tmp_path / "in.png", np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8))
    run_command(["infer", str(path), str(tmp_path / "in.png"), "-o", str(tmp_path / "out.png")])
    with torch.no_grad():
        expected = to_array(network(to_tensor(read_image(tmp_path / "in.png"))[None])[0])
    assert np.array_equal(read_image(tmp_path / "out.png"), expected)


def test_unknown_weights_name_the_command_that_imports_them(network, tmp_path: Path) -> None:
    path = tmp_path / "some weights.pth"
    torch.save({"state_dict": {"odd.weight": torch.ones(3)}}, path)
    with pytest.raises(UserError, match=r"not written by cyclesr.*cyclesr import .* type=NETWORK scale=SCALE") as error:
        load_network(path)
    words = shlex.split(str(error.value)[str(error.value).index("cyclesr import") :])
    assert words[2:4] == [str(path), "some weights.cyclesr.safetensors"]
