"""The command ``import``."""

import torch

from cyclesr.checkpoints.sr_network import load_sr
from cyclesr.registry import SR_BACKBONES


def test_published_weights_are_converted(tool, tmp_path) -> None:
    config = dict(type="ESPCN", scale=2, channels=4)
    weights = SR_BACKBONES.build(dict(config)).state_dict()
    torch.save(weights, tmp_path / "espcn.pth")
    done = tool("import_weights", "espcn.pth", "out.safetensors", *(f"{k}={v}" for k, v in config.items()))
    assert (done.returncode, done.stderr) == (0, "")
    network, scale = load_sr(tmp_path / "out.safetensors")
    assert scale == 2
    assert torch.equal(network.state_dict()["last_part.0.bias"], weights["last_part.0.bias"])
