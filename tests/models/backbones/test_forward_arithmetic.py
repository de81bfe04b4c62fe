"""More SR networks compared, in double precision, with the arithmetic of their papers or public code."""

import pytest
import torch
import torch.nn.functional as F
from test_network_arithmetic import drawn, upsampled
from torch import Tensor, nn

from cyclesr.models.backbones import (
    EDSR,
    ESPCN,
    FSRCNN,
    IMDN,
    RCAN,
    RDN,
    SRCNN,
    VDSR,
    EnhanceNet,
    OriginalVDSR,
    SRResNet,
)

STAGES = {3: [3], 4: [2, 2]}  # one stage of x3; x4 as x2 twice

Weights = dict[str, Tensor]


def prepared(network: nn.Module) -> tuple[nn.Module, Weights]:
    """Returns the network and its weights, after drawing both weights and running statistics at random."""
    network, w = drawn(network.double())
    for name, value in w.items():
        if ".running_" in name:
            value.uniform_(0.5, 2)
    return network, w


def conv(x: Tensor, w: Weights, name: str, kernel: int = 3) -> Tensor:
    return F.conv2d(x, w[f"{name}.weight"], w.get(f"{name}.bias"), padding=kernel // 2)


def prelu(x: Tensor, w: Weights, name: str) -> Tensor:
    return x.clamp(min=0) + w[f"{name}.weight"].view(1, -1, 1, 1) * x.clamp(max=0)


def normed(x: Tensor, w: Weights, name: str, norm: str) -> Tensor:
    if norm == "none":
        return x
    if norm == "instance":
        variance, mean = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
        return (x - mean) / (variance + 1e-5).sqrt()
    kinds = ("running_mean", "running_var", "weight", "bias")
    mean, variance, slope, shift = (w[f"{name}.{kind}"].view(1, -1, 1, 1) for kind in kinds)
    return slope * (x - mean) / (variance + 1e-5).sqrt() + shift


@pytest.fixture
def lr() -> Tensor:
    return torch.rand(2, 3, 6, 5).double()


@torch.no_grad()
@pytest.mark.parametrize(("scale", "kernel"), [(2, 1), (3, 3), (4, 5)])
def test_srcnn(lr, scale, kernel) -> None:
    network, w = prepared(SRCNN(scale, channels=4, mapped=3, mapping_kernel=kernel))
    x = conv(upsampled(lr, scale), w, "conv1", 9).relu()
    x = conv(x, w, "conv2", kernel).relu()
    torch.testing.assert_close(network(lr), conv(x, w, "conv3", 5))


@torch.no_grad()
@pytest.mark.parametrize("scale", [3, 4])
def test_espcn(lr, scale) -> None:
    """Checks that one pixel shuffle does the whole scale."""
    network, w = prepared(ESPCN(scale, channels=4))
    x = conv(conv(lr, w, "first_part.0", 5).tanh(), w, "first_part.2").tanh()
    torch.testing.assert_close(network(lr), F.pixel_shuffle(conv(x, w, "last_part.0"), scale))


@torch.no_grad()
@pytest.mark.parametrize("scale", [3, 4])
def test_fsrcnn(lr, scale) -> None:
    """Checks that PReLU has a slope per channel and follows every convolution except the transposed one."""
    network, w = prepared(FSRCNN(scale, channels=5, shrunk=3, num_layers=2))
    x = prelu(conv(lr, w, "first_part.0", 5), w, "first_part.1")
    for i, kernel in ((0, 1), (2, 3), (4, 3), (6, 1)):  # shrinking, mapping twice, expanding
        x = prelu(conv(x, w, f"mid_part.{i}", kernel), w, f"mid_part.{i + 1}")
    kernel, bias = w["last_part.weight"], w["last_part.bias"]
    sr = F.conv_transpose2d(x, kernel, bias, stride=scale, padding=4, output_padding=scale - 1)
    torch.testing.assert_close(network(lr), sr)


@torch.no_grad()
@pytest.mark.parametrize("scale", [3, 4])
def test_original_vdsr(lr, scale) -> None:
    network, w = prepared(OriginalVDSR(scale, channels=4, num_layers=4))
    base = x = upsampled(lr, scale)
    for name in ("input", "residual_layer.0.conv", "residual_layer.1.conv"):
        x = conv(x, w, name).relu()
    torch.testing.assert_close(network(lr), base + conv(x, w, "output"))


@torch.no_grad()
@pytest.mark.parametrize("scale", [3, 4])
def test_enhancenet(lr, scale) -> None:
    network, w = prepared(EnhanceNet(scale, channels=4, num_blocks=2))
    x = conv(lr, w, "head.0").relu()
    for block in ("body.0.body", "body.1.body"):
        x = x + conv(conv(x, w, f"{block}.0").relu(), w, f"{block}.2")
    for i, factor in enumerate(STAGES[scale]):
        nearest = x.repeat_interleave(factor, 2).repeat_interleave(factor, 3)
        x = conv(nearest, w, f"upsample.{3 * i + 1}").relu()
    residual = conv(conv(x, w, "tail.0").relu(), w, "tail.2")
    torch.testing.assert_close(network(lr), upsampled(lr, scale) + residual)


@torch.no_grad()
@pytest.mark.parametrize(
    ("scale", "options"),
    [(3, dict(residual_scale=0.1)), (4, {}), (4, dict(residual_scale=0.1)), (4, dict(upsampling="direct"))],
)
def test_edsr(lr, scale, options) -> None:
    network, w = prepared(EDSR(scale, channels=4, num_blocks=2, **options))
    x = head = conv(lr, w, "head")
    for block in ("body.0.body", "body.1.body"):
        x = x + options.get("residual_scale", 1) * conv(conv(x, w, f"{block}.0").relu(), w, f"{block}.2")
    x = head + conv(x, w, "body.2")
    if "upsampling" in options:
        torch.testing.assert_close(network(lr), F.pixel_shuffle(conv(x, w, "tail.0"), scale))
        return
    for i, factor in enumerate(STAGES[scale]):
        x = F.pixel_shuffle(conv(x, w, f"tail.0.{3 * i}"), factor)
    torch.testing.assert_close(network(lr), conv(x, w, "tail.1"))


@torch.no_grad()
@pytest.mark.parametrize("scale", [3, 4])
def test_rdn(lr, scale) -> None:
    network, w = prepared(RDN(scale, channels=4, growth=3, num_blocks=2, num_layers=2))
    shallow = conv(lr, w, "sfe1")
    x, blocks = conv(shallow, w, "sfe2"), []
    for block in ("rdbs.0", "rdbs.1"):
        dense = [x]
        for layer in ("layers.0", "layers.1"):
            dense.append(conv(torch.cat(dense, 1), w, f"{block}.{layer}.conv").relu())
        x = x + conv(torch.cat(dense, 1), w, f"{block}.lff", 1)
        blocks.append(x)
    x = shallow + conv(conv(torch.cat(blocks, 1), w, "gff.0", 1), w, "gff.1")
    for i, factor in enumerate(STAGES[scale]):
        x = F.pixel_shuffle(conv(x, w, f"upscale.{2 * i}"), factor)
    torch.testing.assert_close(network(lr), conv(x, w, "output"))


@torch.no_grad()
@pytest.mark.parametrize("scale", [3, 4])
def test_imdn(lr, scale) -> None:
    network, w = prepared(IMDN(scale, channels=32, num_blocks=2))
    for value in w.values():
        value.mul_(0.3)  # otherwise the sigmoid saturates at 0 or 1
    x = first = conv(lr, w, "fea_conv")
    blocks = []
    for block in ("IMDB1", "IMDB2"):
        rest, kept = x, []
        for layer in ("c1", "c2", "c3"):
            rest = F.leaky_relu(conv(rest, w, f"{block}.{layer}"), 0.05)
            kept.append(rest[:, :8])
            rest = rest[:, 8:]
        distilled = torch.cat([*kept, conv(rest, w, f"{block}.c4")], 1)
        mean = distilled.mean((2, 3), keepdim=True)
        contrast = (distilled - mean).square().mean((2, 3), keepdim=True).sqrt()
        middle = conv(contrast + mean, w, f"{block}.cca.conv_du.0", 1).relu()
        attention = conv(middle, w, f"{block}.cca.conv_du.2", 1).sigmoid()
        x = x + conv(attention * distilled, w, f"{block}.c5", 1)
        blocks.append(x)
    fused = F.leaky_relu(conv(torch.cat(blocks, 1), w, "c.0", 1), 0.05)
    x = first + conv(fused, w, "LR_conv")
    torch.testing.assert_close(network(lr), F.pixel_shuffle(conv(x, w, "upsampler.0"), scale))


@torch.no_grad()
@pytest.mark.parametrize(("scale", "norm"), [(3, "batch"), (4, "batch"), (4, "instance"), (4, "none")])
def test_srresnet(lr, scale, norm) -> None:
    network, w = prepared(SRResNet(scale, channels=4, num_blocks=2, norm=norm))
    x = head = prelu(conv(lr, w, "head.0", 9), w, "head.1")
    for block in ("body.0.body", "body.1.body"):
        inner = prelu(normed(conv(x, w, f"{block}.0"), w, f"{block}.1", norm), w, f"{block}.2")
        x = x + normed(conv(inner, w, f"{block}.3"), w, f"{block}.4", norm)
    x = head + normed(conv(x, w, "body.2"), w, "body.3", norm)
    for i, factor in enumerate(STAGES[scale]):
        x = prelu(F.pixel_shuffle(conv(x, w, f"upsample.{3 * i}"), factor), w, f"upsample.{3 * i + 2}")
    torch.testing.assert_close(network(lr), conv(x, w, "tail", 9))


@torch.no_grad()
@pytest.mark.parametrize(("scale", "norm"), [(3, "batch"), (4, "batch"), (4, "instance"), (4, "none")])
def test_vdsr(lr, scale, norm) -> None:
    network, w = prepared(VDSR(scale, channels=4, num_blocks=2, norm=norm))
    x = head = conv(lr, w, "head")
    for i in (0, 3):
        x = normed(conv(x, w, f"body.{i}"), w, f"body.{i + 1}", norm).relu()
    x = head + normed(conv(x, w, "body.6"), w, "body.7", norm)
    for i, factor in enumerate(STAGES[scale]):
        x = F.pixel_shuffle(conv(x, w, f"upsample.{3 * i}"), factor).relu()
    torch.testing.assert_close(network(lr), conv(conv(x, w, "tail.0").relu(), w, "tail.2"))


@torch.no_grad()
@pytest.mark.parametrize("build", [SRCNN, ESPCN, FSRCNN, EDSR, RCAN, RDN, IMDN, SRResNet, VDSR])
def test_global_skip_only_adds_bicubic(lr, build) -> None:
    network, w = prepared(build(3, **build.TINY))
    skipping = build(3, **build.TINY, global_skip=True).double().eval()
    skipping.load_state_dict(w)
    torch.testing.assert_close(skipping(lr), network(lr) + upsampled(lr, 3))
