"""Names and shapes of weights compared with those of the public code."""

from collections import OrderedDict

import pytest
import torch
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.backbones import (
    DRRN,
    EDSR,
    ESPCN,
    FSRCNN,
    IMDN,
    RCAN,
    RDN,
    SRCNN,
    LapSRN,
    MemNet,
    MSRResNet,
    OriginalVDSR,
    SRVGGNetCompact,
)
from cyclesr.models.backbones.public_names import renamed


def names(network: nn.Module) -> set[str]:
    return set(network.state_dict())


def layers(*listed: str) -> set[str]:
    """Returns the names of the weight and the bias of each layer."""
    return {f"{layer}.{kind}" for layer in listed for kind in ("weight", "bias")}


def test_first_networks() -> None:
    assert names(SRCNN(2)) == layers("conv1", "conv2", "conv3")
    assert names(ESPCN(2)) == layers("first_part.0", "first_part.2", "last_part.0")
    convs = {f"mid_part.{i}" for i in range(0, 12, 2)}
    slopes = {"first_part.1.weight", *(f"mid_part.{i}.weight" for i in range(1, 12, 2))}
    assert names(FSRCNN(2)) == layers("first_part.0", "last_part", *convs) | slopes


def test_deep_networks_without_biases() -> None:
    inner = {f"residual_layer.{i}.conv.weight" for i in range(18)}
    assert names(OriginalVDSR(2)) == {"input.weight", "output.weight"} | inner
    assert names(DRRN(2)) == {f"{layer}.weight" for layer in ("input", "conv1", "conv2", "output")}
    stage = {"convt_I{}.weight", "convt_R{}.weight", *(f"convt_F{{}}.0.cov_block.{i}.weight" for i in range(0, 22, 2))}
    assert names(LapSRN(4)) == {"conv_input.weight"} | {name.format(i) for name in stage for i in (1, 2)}


def test_memnet() -> None:
    found = names(MemNet(2, channels=4, num_blocks=1, num_recursions=2))
    convs = [f"dense_memory.0.recursive_unit.{i}.relu_conv{j}" for i in (0, 1) for j in (1, 2)]
    convs += ["dense_memory.0.gate_unit", "feature_extractor", "reconstructor"]
    statistics = {f"{name}.bn.{kind}" for name in convs for kind in ("running_mean", "running_var")}
    counters = {f"{name}.bn.num_batches_tracked" for name in convs}
    expected = layers(*(f"{name}.{part}" for name in convs for part in ("conv", "bn"))) | statistics | counters
    assert found == expected | {"weights"}


def test_residual_and_dense_networks() -> None:
    ends = {"conv_first", "conv_hr", "conv_last", "upconv1"}
    assert names(MSRResNet(4, num_blocks=1)) == layers(*ends, "upconv2", "body.0.conv1", "body.0.conv2")
    assert names(MSRResNet(3, num_blocks=1)) == layers(*ends, "body.0.conv1", "body.0.conv2")
    blocks = {f"rdbs.{i}.layers.{j}.conv" for i in (0, 1) for j in (0, 1)} | {"rdbs.0.lff", "rdbs.1.lff"}
    outer = {"sfe1", "sfe2", "gff.0", "gff.1", "output", "upscale.0"}
    assert names(RDN(2, num_blocks=2, num_layers=2)) == layers(*blocks, *outer)
    assert names(RDN(4, num_blocks=2, num_layers=2)) == layers(*blocks, *outer, "upscale.2")


def test_rcan() -> None:
    block = {f"body.0.body.0.body.{part}" for part in ("0", "2", "3.conv_du.0", "3.conv_du.2")}
    outer = {"head.0", "body.0.body.1", "body.1", "tail.0.0", "tail.0.2", "tail.1"}
    assert names(RCAN(4, num_groups=1, num_blocks=1)) == layers(*block, *outer)
    means = {"sub_mean", "add_mean"}
    assert names(RCAN(4, num_groups=1, num_blocks=1, mean_shift=True)) == layers(*block, *outer, *means)


def test_small_networks() -> None:
    slopes = {"body.1.weight", "body.3.weight"}
    assert names(SRVGGNetCompact(2, num_layers=1)) == layers("body.0", "body.2", "body.4") | slopes
    shapes = {name: tuple(value.shape) for name, value in IMDN(4).state_dict().items()}
    assert len(shapes) == 92
    assert shapes["IMDB6.c2.weight"] == (64, 48, 3, 3)
    assert shapes["IMDB1.c4.bias"] == (16,)
    assert shapes["IMDB3.cca.conv_du.0.weight"] == (4, 64, 1, 1)
    assert shapes["c.0.weight"] == (64, 384, 1, 1)
    assert shapes["upsampler.0.weight"] == (48, 64, 3, 3)
    assert {"fea_conv.weight", "LR_conv.bias", "IMDB2.c5.weight"} < set(shapes)


def reference(kind: str, scale: int, basicsr: bool) -> OrderedDict[str, tuple[int, ...]]:
    """Returns names and shapes of the weights of a public EDSR or RCAN with 4 channels and one block (in one group)."""
    conv, attention = (4, 4, 3, 3), ((2, 4, 1, 1), (4, 2, 1, 1))
    inner = {
        ("EDSR", False): {"body.0.body.0": conv, "body.0.body.2": conv, "body.1": conv},
        ("EDSR", True): {"body.0.conv1": conv, "body.0.conv2": conv, "conv_after_body": conv},
        ("RCAN", True): {
            "body.0.residual_group.0.rcab.0": conv,
            "body.0.residual_group.0.rcab.2": conv,
            "body.0.residual_group.0.rcab.3.attention.1": attention[0],
            "body.0.residual_group.0.rcab.3.attention.3": attention[1],
            "body.0.conv": conv,
            "conv_after_body": conv,
        },
    }[kind, basicsr]
    head, tail, up = ("conv_first", "conv_last", "upsample") if basicsr else ("head.0", "tail.1", "tail.0")
    factors = {2: [2], 3: [3], 4: [2, 2]}[scale]
    stages = {f"{up}.{2 * i}": (4 * factor**2, 4, 3, 3) for i, factor in enumerate(factors)}
    shapes: OrderedDict[str, tuple[int, ...]] = OrderedDict()
    for layer, shape in {head: (4, 3, 3, 3), **inner, **stages, tail: (3, 4, 3, 3)}.items():
        shapes[f"{layer}.weight"], shapes[f"{layer}.bias"] = shape, shape[:1]
    return shapes


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize(("build", "basicsr"), [(EDSR, False), (EDSR, True), (RCAN, True)])
def test_other_layouts_load_layer_by_layer(build: type[nn.Module], basicsr: bool, scale: int) -> None:
    sizes = dict(num_blocks=1) if build is EDSR else dict(num_groups=1, num_blocks=1, reduction=2)
    network = build(scale, channels=4, mean_shift=True, **sizes)
    public = {name: torch.randn(shape) for name, shape in reference(build.__name__, scale, basicsr).items()}
    network.load_state_dict(network.from_public(public))
    own = [v for name, v in network.state_dict().items() if "_mean" not in name]
    assert [tuple(v.shape) for v in own] == [tuple(v.shape) for v in public.values()]  # in the order of the layers
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(own, public.values(), strict=True))


def test_published_weights_need_the_published_range() -> None:
    with pytest.raises(UserError, match="mean_shift=True"):
        EDSR(2, channels=4, num_blocks=1).from_public({})


def test_renaming_takes_the_first_rule_that_matches_the_whole_name() -> None:
    weights: dict[str, Tensor] = {"a.0.w": torch.zeros(1), "b.a.0.w": torch.ones(1)}
    assert set(renamed(weights, [(r"a\.0\.(.+)", r"c.\1"), (r"a\.(.+)", r"d.\1")])) == {"c.w", "b.a.0.w"}
