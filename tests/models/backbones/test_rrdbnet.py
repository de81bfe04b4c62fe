"""RRDBNet: sizes, names and arithmetic of the published networks."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from cyclesr.models.backbones.rrdbnet import RRDBNet

# Outputs of spandrel 0.4.2 for the same weights and image: pixel (3, 5), and the standard deviation over all pixels.
PUBLISHED = {
    1: ([-0.01841333, 0.23926677, 0.06297627], 0.10050239),
    2: ([0.12131626, 0.11669999, 0.16035226], 0.09751617),
    4: ([0.17208459, 0.0666592, 0.20638791], 0.08087092),
}


def wave(network: nn.Module) -> nn.Module:
    with torch.no_grad():
        for p in network.parameters():
            p.copy_(0.2 * torch.sin(torch.arange(p.numel(), dtype=torch.float64)).view_as(p))
    return network.double()


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_equals_the_published_network(scale: int) -> None:
    lr = torch.linspace(0, 1, 3 * 64).view(1, 3, 8, 8).double()
    with torch.no_grad():
        sr = wave(RRDBNet(scale, channels=8, num_blocks=2))(lr)
    pixel, deviation = PUBLISHED[scale]
    assert sr.shape == (1, 3, 8 * scale, 8 * scale)
    assert sr[0, :, 3, 5].tolist() == pytest.approx(pixel, rel=1e-6)
    assert sr.std().item() == pytest.approx(deviation, rel=1e-6)


def test_published_size_and_names() -> None:
    network = RRDBNet(4)
    assert sum(p.numel() for p in network.parameters()) == 16_697_987
    layers = ["conv_first", "conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last"]
    layers += [f"body.{b}.rdb{d}.conv{c}" for b in range(23) for d in (1, 2, 3) for c in (1, 2, 3, 4, 5)]
    assert set(network.state_dict()) == {f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")}
    assert network.state_dict()["body.22.rdb3.conv4.weight"].shape == (32, 64 + 3 * 32, 3, 3)
    assert [RRDBNet(s, num_blocks=0).conv_first.weight.shape[1] for s in (1, 2, 4)] == [48, 12, 3]


def test_dense_blocks_start_small() -> None:
    conv = RRDBNet(4, num_blocks=1).body[0].rdb2.conv3
    assert conv.weight.std().item() == pytest.approx(0.1 * (2 / (9 * 128)) ** 0.5, rel=0.02)
    assert conv.bias.abs().max().item() == 0.0


def second_layout(name: str) -> str:
    """Renames a weight as in the published RRDB_PSNR_x4.pth."""
    for ours, theirs in (("body.", "RRDB_trunk."), ("rdb", "RDB"), ("conv_RRDB_trunk.", "trunk_conv.")):
        name = name.replace(ours, theirs)
    return name.replace("conv_up", "upconv").replace("conv_hr", "HRconv")


def first_layout(name: str) -> str:
    """Renames a weight as in the first release, an nn.Sequential, for a network with two blocks."""
    layers = dict(conv_first="0", conv_body="1.sub.2", conv_up1="3", conv_up2="6", conv_hr="8", conv_last="10")
    layer, _, kind = name.rpartition(".")
    if layer in layers:
        return f"model.{layers[layer]}.{kind}"
    return f"model.1.sub.{layer.removeprefix('body.').replace('rdb', 'RDB')}.0.{kind}"


@pytest.mark.parametrize("layout", [first_layout, second_layout, str])
def test_reads_every_layout_of_the_releases(layout: Callable[[str], str]) -> None:
    network = RRDBNet(4, channels=8, num_blocks=2)
    weights = network.state_dict()
    published = {layout(name): weight for name, weight in weights.items()}
    assert len(published) == len(weights)
    found = network.from_public(published)
    assert found.keys() == weights.keys()
    assert all(found[name] is weight for name, weight in weights.items())
