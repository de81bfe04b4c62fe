"""The adapter for spandrel's networks: every architecture, any image size, the same arithmetic, and errors."""

import sys

import pytest
import torch
from spandrel_sizes import SIZES

from cyclesr.errors import UserError
from cyclesr.models.backbones import RCAN, SRVGGNetCompact
from cyclesr.models.backbones.spandrel import ARCHITECTURES, Spandrel

spandrel = pytest.importorskip("spandrel")

# The backward pass of spandrel's layer norm warns.
pytestmark = pytest.mark.filterwarnings("ignore:'saved_variables' is deprecated:DeprecationWarning")


@pytest.mark.parametrize("arch", sorted(ARCHITECTURES))
def test_every_architecture_takes_every_size(arch: str) -> None:
    network = Spandrel(2, arch=arch, **SIZES[arch]).train()
    lr = torch.rand(2, 3, 17, 5, requires_grad=True)
    sr = network(lr)
    assert sr.shape == (2, 3, 34, 10)
    sr.square().mean().backward()
    assert lr.grad.isfinite().all()
    assert lr.grad.norm() > 0  # the SR feedback reaches the translator
    trained = [name for name, p in network.named_parameters() if p.requires_grad and p.grad is not None]
    assert len(trained) > 4


@pytest.mark.slow
@pytest.mark.parametrize("arch", sorted(ARCHITECTURES))
@torch.no_grad()
def test_every_architecture_works_with_default_arguments(arch: str) -> None:
    needed = dict(SAFMN=dict(dim=36)).get(arch, {})  # spandrel has no default for it
    assert Spandrel(2, arch=arch, **needed).eval()(torch.rand(1, 3, 17, 23)).shape == (1, 3, 34, 46)


@pytest.mark.parametrize("arch", ["SwinIR", "Swin2SR"])
@torch.no_grad()
def test_swin_has_an_upsampler_and_windows_by_default(arch: str) -> None:
    network = Spandrel(4, arch=arch, depths=(1,), num_heads=(1,), embed_dim=8)
    assert network(torch.rand(1, 3, 17, 5)).shape == (1, 3, 68, 20)


@pytest.mark.parametrize("arch", ["SwinIR", "HAT", "DAT", "SPAN", "RealPLKSR", "OmniSR", "SAFMN", "DRCT"])
@torch.no_grad()
def test_any_size_gives_what_spandrel_gives(arch: str) -> None:
    """Compares with spandrel's descriptor, which is built from the weights and pads in its own way."""
    network = Spandrel(3, arch=arch, **SIZES[arch]).eval()
    weights = network.to_public({name: value.clone() for name, value in network.state_dict().items()})
    theirs = spandrel.ModelLoader().load_from_state_dict(weights)
    for size in ((16, 32), (17, 21), (5, 7)):
        lr = torch.rand(1, 3, *size)
        torch.testing.assert_close(network(lr).clamp(0, 1), theirs(lr.clone()), rtol=0, atol=1e-5)


@torch.no_grad()
def test_our_networks_equal_those_of_spandrel() -> None:
    lr = torch.rand(1, 3, 9, 7)
    sizes = dict(n_resgroups=2, n_resblocks=2, n_feats=8, reduction=4)
    for shift in (True, False):
        ours = RCAN(4, channels=8, num_groups=2, num_blocks=2, reduction=4, mean_shift=shift)
        theirs = Spandrel(4, arch="RCAN", norm=shift, **sizes)
        theirs.load_state_dict(theirs.from_public(ours.state_dict()))
        torch.testing.assert_close(ours(lr), theirs(lr), rtol=0, atol=1e-5)
    compact = SRVGGNetCompact(4, channels=8, num_layers=2)
    torch.nn.init.normal_(compact.body[-1].weight)
    theirs = Spandrel(4, arch="Compact", num_feat=8, num_conv=2)
    theirs.load_state_dict(theirs.from_public(compact.state_dict()))
    torch.testing.assert_close(compact(lr), theirs(lr))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(arch="SwinIr"), "'SwinIr'.*'SwinIR'"),
        (dict(ach="HAT"), "'ach'.*'arch'.*scale, arch, .+embed_dim"),
        (dict(arch="SwinIR", upscale=4), "'SwinIR'.*'upscale'"),
        (dict(arch="HAT", embed_dims=12), "'HAT'.*'embed_dims'.*'embed_dim'"),
        (dict(arch="SAFMN"), "SAFMN.*dim"),
        (dict(arch="SwinIR", depths=(1,), num_heads=()), r"SwinIR.*'num_heads': \(\)"),
        (dict(arch="FDAT", scale=8), "FDAT.*2, 3, 4, found 8"),
        (dict(arch="SwiftSRGAN", scale=3), "SwiftSRGAN.*2, 4, 8, found 3"),
        (dict(arch="SPAN", scale=5), "2, 3, 4 or 8, found 5"),
    ],
)
def test_mistakes(arguments, message) -> None:
    with pytest.raises(UserError, match=message):
        Spandrel(**{"scale": 2, **arguments})


def test_without_spandrel(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "spandrel", None)
    with pytest.raises(UserError, match=r"spandrel.*pip install 'cyclesr\[spandrel\]'"):
        Spandrel(4, arch="SPAN")
