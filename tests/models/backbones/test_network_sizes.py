"""Sizes of the SR networks of the literature, counted by hand or as published."""

import pytest
from torch import nn

from cyclesr.models.backbones import (
    DRCN,
    DRRN,
    ESPCN,
    FSRCNN,
    IMDN,
    RCAN,
    RDN,
    SRCNN,
    EnhanceNet,
    LapSRN,
    MemNet,
    MSRResNet,
    OriginalVDSR,
    SRVGGNetCompact,
)


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def weights(network: nn.Module) -> int:
    """Counts the weights without biases, norms and slopes, as the first papers do."""
    return sum(p.numel() for p in network.parameters() if p.ndim == 4)


def conv(inputs: int, outputs: int, kernel: int = 3) -> int:
    return inputs * outputs * kernel**2 + outputs


@pytest.mark.parametrize(
    ("network", "count"),
    [
        (lambda: SRCNN(3, mapping_kernel=1, planes="luma"), 8_032),
        (lambda: SRCNN(3, mapping_kernel=3, planes="luma"), 24_416),
        (lambda: SRCNN(3, planes="luma"), 57_184),
        (lambda: FSRCNN(3, planes="luma"), 12_464),
        (lambda: FSRCNN(3, channels=32, shrunk=5, num_layers=1, planes="luma"), 3_937),
        (lambda: ESPCN(3, planes="luma"), 5**2 * 64 + 9 * 64 * 32 + 9 * 32 * 9),
        (lambda: OriginalVDSR(4, planes="luma"), 664_704),
        (lambda: DRCN(4, planes="luma"), 1_774_080),
        (lambda: DRRN(4, planes="luma"), 297_216),
        (lambda: MemNet(4, planes="luma"), 676_992),
    ],
)
def test_weights_as_the_papers_count_them(network, count) -> None:
    assert weights(network()) == count


def test_a_laplacian_pyramid() -> None:
    stage = 10 * 9 * 64**2 + 16 * 64**2 + 9 * 64 + 16  # features, their doubling, residual, image
    assert parameters(LapSRN(4, planes="luma")) == 9 * 64 + 2 * stage == 870_112
    assert parameters(LapSRN(8)) == 3 * 9 * 64 + 3 * (stage + 2 * 9 * 64 + 8 * 16)


def test_residual_networks() -> None:
    assert parameters(MSRResNet(4)) == 1_517_571
    stages = 2 * conv(64, 256)
    assert parameters(MSRResNet(4)) == conv(3, 64) + 32 * conv(64, 64) + stages + conv(64, 64) + conv(64, 3)
    assert parameters(EnhanceNet(4)) == conv(3, 64) + (20 + 3) * conv(64, 64) + conv(64, 3) == 852_867


def test_dense_and_attentive_networks() -> None:
    block = sum(conv(64 * i, 64) for i in range(1, 9)) + conv(64 * 9, 64, 1)
    fusion = conv(64 * 16, 64, 1) + conv(64, 64)
    ends = conv(3, 64) + conv(64, 3)
    assert parameters(RDN(4)) == ends + conv(64, 64) + 16 * block + fusion + 2 * conv(64, 256) == 22_271_107
    attention = conv(64, 4, 1) + conv(4, 64, 1)
    group = 20 * (2 * conv(64, 64) + attention) + conv(64, 64)
    assert parameters(RCAN(4)) == ends + 10 * group + conv(64, 64) + 2 * conv(64, 256) == 15_592_355
    assert parameters(RCAN(2, num_groups=1, mean_shift=True)) == parameters(RCAN(2, num_groups=1))


def test_small_networks() -> None:
    assert parameters(SRVGGNetCompact(4)) == conv(3, 64) + 16 * conv(64, 64) + 17 * 64 + conv(64, 48) == 621_424
    assert parameters(IMDN(4)) == 715_176  # as published (the file of weights)
