"""Start from pretrained weights: the architecture is recognised, becomes the network, and takes a step."""

from pathlib import Path
from typing import Any

import pytest
import torch
from spandrel_sizes import SIZES
from torch import nn

from cyclesr.checkpoints.public_weights import read_weights
from cyclesr.checkpoints.sr_network import save_sr
from cyclesr.config import check_config, load_config
from cyclesr.degradations.camera import FREQUENCIES
from cyclesr.engine.sr_weights import network_of, start_options
from cyclesr.errors import UserError
from cyclesr.optim.parts import PartOptimizersConstructor
from cyclesr.registry import MODELS, SR_BACKBONES

pytest.importorskip("spandrel")
# RRDBNet is ESRGAN in spandrel. RCAN's and RealPLKSR's published sizes have these ratios.
NETWORKS = {
    "ESRGAN": SIZES["ESRGAN"],
    "Compact": SIZES["Compact"],
    "SPAN": SIZES["SPAN"],
    "RealPLKSR": SIZES["RealPLKSR"],
    "RCAN": dict(n_resgroups=1, n_resblocks=1, n_feats=16),
    "HAT": dict(SIZES["HAT"]),
}


def network(arch: str, **sizes: Any) -> nn.Module:
    torch.manual_seed(0)
    return SR_BACKBONES.build(dict(type="Spandrel", arch=arch, scale=2, **sizes))


def published(path: Path, made: nn.Module, container: str = "params_ema") -> Path:
    """Writes weights as their authors do, by the names of the architecture."""
    torch.save({container: {n.removeprefix("network."): w for n, w in made.state_dict().items()}}, path)
    return path


def perceptual(path: Path) -> Any:
    config = load_config("own_images/perceptual", start_options(path, None))
    check_config(config)
    config.model.perceptual = None  # it needs VGG16's weights
    config.model.translator.update(mtf=[1.0] * len(FREQUENCIES), noise=[(0.01, 0.0)], per_image=False)
    config.model.sr_adversarial.discriminator.channels = 2
    return config


@pytest.mark.parametrize("arch", NETWORKS)
def test_each_network_starts_from_its_weights_and_takes_a_step(arch: str, tmp_path: Path) -> None:
    made = network(arch, **NETWORKS[arch])
    config = perceptual(published(tmp_path / "2x_mine.pth", made))
    assert (config.model.sr.type, config.model.sr.arch, config.scale) == ("Spandrel", arch, 2)
    model = MODELS.build(config.model)
    model.start_sr_from(read_weights(config.load_from), "")
    before = made.state_dict()
    assert all(torch.equal(weight, before[name]) for name, weight in model.sr.state_dict().items())
    parts = {name: part for name, part in config.optim_wrapper.items() if name != "constructor"}
    optimizers = PartOptimizersConstructor(parts)(model.train())
    batch = dict(hr=torch.rand(1, 3, 68, 68), real=torch.rand(1, 3, 16, 16))
    losses = model.train_step(batch, optimizers)
    assert optimizers.take_report()["skipped"] == 0
    assert {"loss_sr", "loss_sr_adv", "loss_sr_artifacts", "loss_sr_disc"} <= losses.keys()
    assert any(not torch.equal(weight, before[name]) for name, weight in model.sr.state_dict().items())


def test_real_esrgan_x2_whose_input_is_reduced_first(tmp_path: Path) -> None:
    made = network("ESRGAN", num_filters=8, num_blocks=1, in_nc=12, shuffle_factor=2)
    found = network_of(published(tmp_path / "x2plus.pth", made))
    assert (found["scale"], found["shuffle_factor"]) == (2, 2)
    again = SR_BACKBONES.build(found)
    again.load_state_dict(made.state_dict())
    lr = torch.rand(1, 3, 9, 11)
    assert torch.equal(again(lr), made(lr))
    assert made(lr).shape == (1, 3, 18, 22)


def test_names_of_another_release_are_renamed(tmp_path: Path) -> None:
    theirs = SR_BACKBONES.build(dict(type="RRDBNet", scale=4, channels=8, num_blocks=2, growth=32))
    torch.save(dict(params=theirs.state_dict()), tmp_path / "x4.pth")
    path = tmp_path / "x4.pth"
    ours = SR_BACKBONES.build(network_of(path))
    ours.load_state_dict(ours.from_public(read_weights(path)))
    lr = torch.rand(1, 3, 8, 8)
    torch.testing.assert_close(ours(lr), theirs(lr), rtol=0, atol=1e-5)


def test_a_network_of_cyclesr_is_known_by_its_metadata(tmp_path: Path) -> None:
    config = dict(type="EDSR", scale=2, channels=4, num_blocks=1)
    made = SR_BACKBONES.build(config)
    save_sr(dict(config=config, scale=2, state_dict=made.state_dict()), tmp_path / "sr_latest.safetensors")
    assert network_of(tmp_path / "sr_latest.safetensors") == config
    save_sr(dict(config=dict(type="os.system"), scale=2, state_dict={}), tmp_path / "bad.safetensors")
    with pytest.raises(UserError):
        network_of(tmp_path / "bad.safetensors")


def test_mistakes_are_named(tmp_path: Path) -> None:
    path = published(tmp_path / "2x.pth", network("Compact", **SIZES["Compact"]))
    assert start_options(path, 2)["scale"] == 2
    with pytest.raises(UserError, match=r"2x.pth enlarge x2, but the scale is 4"):
        start_options(path, 4)
    torch.save({"a.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(UserError, match=r"other.pth was not recognised"):
        network_of(tmp_path / "other.pth")
    torch.save(dict(sr_network={}, state_dict={}), tmp_path / "iter_1.pth")
    with pytest.raises(UserError, match=r"whole training.*sr_latest\.safetensors"):
        network_of(tmp_path / "iter_1.pth")
    gray = network("Compact", num_feat=8, num_conv=1, num_in_ch=1, num_out_ch=1)
    with pytest.raises(UserError, match="from 1 to 1 channels"):
        network_of(published(tmp_path / "gray.pth", gray))
