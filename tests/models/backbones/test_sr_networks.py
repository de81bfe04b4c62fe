"""SR networks: published sizes, scales, norms and initial outputs."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cyclesr.errors import UserError
from cyclesr.models.backbones import EDSR, VDSR, SRResNet
from cyclesr.registry import SR_BACKBONES

NETWORKS = [EDSR, VDSR, SRResNet]


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_published_sizes() -> None:
    assert parameters(VDSR(4)) == 1_114_051
    assert len([m for m in VDSR(4).modules() if isinstance(m, nn.Conv2d)]) == 26
    assert len([m for m in VDSR(4).modules() if isinstance(m, nn.BatchNorm2d)]) == 21
    head, tail, conv = 9 * 9 * 3 * 64 + 64, 9 * 9 * 64 * 3 + 3, 3 * 3 * 64 * 64 + 64
    block, upsampling = 2 * conv + 2 * 128 + 1, 4 * conv + 1
    assert parameters(SRResNet(4)) == head + 1 + 16 * block + conv + 128 + 2 * upsampling + tail
    assert parameters(EDSR(2)) == 1_369_859  # EDSR-baseline x2 without its mean shift


@pytest.mark.parametrize("build", NETWORKS)
@pytest.mark.parametrize("scale", [2, 3, 4, 8])
def test_every_scale_on_odd_sizes(build: type[nn.Module], scale: int) -> None:
    out = build(scale, channels=4, num_blocks=1)(torch.rand(2, 3, 5, 7))
    assert out.shape == (2, 3, 5 * scale, 7 * scale)


@pytest.mark.parametrize("name", ["EDSR", "VDSR", "SRResNet"])
@pytest.mark.parametrize("scale", [0, 5, 6])
def test_other_scales_are_errors(name: str, scale: int) -> None:
    with pytest.raises(UserError, match=f"2, 3, 4 or 8, found {scale}"):
        SR_BACKBONES.build(dict(type=name, scale=scale))


@pytest.mark.parametrize("build", [VDSR, SRResNet])
@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
def test_every_parameter_gets_a_gradient(build: type[nn.Module], norm: str) -> None:
    network = build(2, channels=4, num_blocks=2, norm=norm)
    network(torch.rand(2, 3, 6, 6)).square().mean().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None] == []
    assert any(isinstance(m, nn.BatchNorm2d) for m in network.modules()) == (norm == "batch")


@pytest.mark.parametrize("build", NETWORKS)
def test_global_skip_starts_as_bicubic(build: type[nn.Module]) -> None:
    lr = torch.rand(1, 3, 6, 5)
    sr = build(4, channels=4, num_blocks=1, global_skip=True)(lr)
    assert torch.equal(sr, F.interpolate(lr, scale_factor=4, mode="bicubic", antialias=True))
    with pytest.raises(UserError, match="True or False, found 'none'"):
        build(4, channels=4, num_blocks=1, global_skip="none")


def test_direct_upsampling_works_at_lr_resolution() -> None:
    network = EDSR(4, channels=8, num_blocks=1, upsampling="direct")
    sizes = []
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(lambda _m, _i, out: sizes.append(out.shape[-2:]))
    assert network(torch.rand(1, 3, 6, 6)).shape == (1, 3, 24, 24)
    assert set(sizes) == {(6, 6)}


def test_srresnet_can_learn_an_image() -> None:
    network = SRResNet(2, channels=8, num_blocks=1, norm="none", global_skip=True)
    lr, hr = torch.rand(1, 3, 6, 6), torch.rand(1, 3, 12, 12)
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    first = F.mse_loss(network(lr), hr).item()
    for _ in range(60):
        optimizer.zero_grad()
        loss = F.mse_loss(network(lr), hr)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.5 * first


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_global_skip_takes_half_precision_images(dtype: torch.dtype) -> None:
    """G1 of a plugin may make them under autocast; torch does not resize bfloat16 on CPUs."""
    network = SR_BACKBONES.build(dict(type="EDSR", scale=2, channels=4, num_blocks=1, global_skip=True))
    lr = torch.rand(1, 3, 8, 8).to(dtype)
    with torch.autocast("cpu", torch.bfloat16):
        sr = network(lr)
    torch.testing.assert_close(sr, F.interpolate(lr.float(), scale_factor=2, mode="bicubic", antialias=True))
