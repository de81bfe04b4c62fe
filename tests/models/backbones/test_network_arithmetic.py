"""SR networks compared with the same arithmetic, written out a second time from their weights."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cyclesr.errors import UserError
from cyclesr.models.backbones import (
    DRCN,
    DRRN,
    EDSR,
    ESPCN,
    FSRCNN,
    RCAN,
    SRCNN,
    EnhanceNet,
    LapSRN,
    MemNet,
    MSRResNet,
    OriginalVDSR,
    SRVGGNetCompact,
)


def drawn(network: nn.Module) -> tuple[nn.Module, dict[str, Tensor]]:
    """Draws all weights at random, including those that start at zero; returns the network and its weights."""
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.3)
    return network.eval(), network.state_dict()


def upsampled(lr: Tensor, scale: int) -> Tensor:
    return F.interpolate(lr, scale_factor=scale, mode="bicubic", antialias=True)


@pytest.fixture
def lr() -> Tensor:
    return torch.rand(1, 3, 6, 5)


@torch.no_grad()
def test_drrn(lr) -> None:
    network, w = drawn(DRRN(2, channels=3, num_units=3))
    x = upsampled(lr, 2)
    start = state = F.conv2d(x.relu(), w["input.weight"], padding=1)
    for _ in range(3):
        state = F.conv2d(F.conv2d(state.relu(), w["conv1.weight"], padding=1).relu(), w["conv2.weight"], padding=1)
        state = state + start
    torch.testing.assert_close(network(lr), x + F.conv2d(state.relu(), w["output.weight"], padding=1))


@torch.no_grad()
def test_drcn(lr) -> None:
    network, w = drawn(DRCN(2, channels=3, num_recursions=2))

    def conv(x: Tensor, name: str) -> Tensor:
        return F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], padding=1)

    x = upsampled(lr, 2)
    first = conv(conv(conv(x, "embedding.0").relu(), "embedding.2").relu(), "recursion").relu()
    states = [first, conv(first, "recursion").relu()]
    outputs = [x + conv(conv(state, "reconstruction.0").relu(), "reconstruction.2") for state in states]
    torch.testing.assert_close(network(lr), w["weights"][0] * outputs[0] + w["weights"][1] * outputs[1])


@torch.no_grad()
def test_lapsrn(lr) -> None:
    network, w = drawn(LapSRN(4, channels=3, num_layers=1))

    def leaky(x: Tensor) -> Tensor:
        return F.leaky_relu(x, 0.2)

    image, x = lr, leaky(F.conv2d(lr, w["conv_input.weight"], padding=1))
    for i in (1, 2):
        x = leaky(F.conv2d(x, w[f"convt_F{i}.0.cov_block.0.weight"], padding=1))
        x = leaky(F.conv_transpose2d(x, w[f"convt_F{i}.0.cov_block.2.weight"], stride=2, padding=1))
        image = F.conv_transpose2d(image, w[f"convt_I{i}.weight"], stride=2, padding=1)
        image = image + F.conv2d(x, w[f"convt_R{i}.weight"], padding=1)
    torch.testing.assert_close(network(lr), image)


@torch.no_grad()
def test_memnet(lr) -> None:
    network, w = drawn(MemNet(2, channels=3, num_blocks=2, num_recursions=2, norm="none"))

    def layer(x: Tensor, name: str) -> Tensor:
        kernel = w[f"{name}.conv.weight"]
        return F.conv2d(x.relu(), kernel, w[f"{name}.conv.bias"], padding=kernel.shape[-1] // 2)

    x = upsampled(lr, 2)
    memories = [layer(x, "feature_extractor")]
    for block in ("dense_memory.0", "dense_memory.1"):
        states, unit = [memories[-1]], f"{block}.recursive_unit.0"  # the second recursion shares its weights
        for _ in range(2):
            states.append(states[-1] + layer(layer(states[-1], f"{unit}.relu_conv1"), f"{unit}.relu_conv2"))
        memories.append(layer(torch.cat([*states[1:], *memories], 1), f"{block}.gate_unit"))
    share = w["weights"][0] / w["weights"].sum()
    outputs = [layer(memory, "reconstructor") for memory in memories[1:]]
    torch.testing.assert_close(network(lr), x + share[0] * outputs[0] + share[1] * outputs[1])


@torch.no_grad()
@pytest.mark.parametrize("scale", [3, 4])
def test_msrresnet(lr, scale) -> None:
    network, w = drawn(MSRResNet(scale, channels=3, num_blocks=1))

    def conv(x: Tensor, name: str) -> Tensor:
        return F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], padding=1)

    def leaky(x: Tensor) -> Tensor:
        return F.leaky_relu(x, 0.1)

    x = leaky(conv(lr, "conv_first"))
    x = x + conv(conv(x, "body.0.conv1").relu(), "body.0.conv2")
    for name, factor in {3: [("upconv1", 3)], 4: [("upconv1", 2), ("upconv2", 2)]}[scale]:
        x = leaky(F.pixel_shuffle(conv(x, name), factor))
    base = F.interpolate(lr, scale_factor=scale, mode="bilinear", align_corners=False)
    torch.testing.assert_close(network(lr), base + conv(leaky(conv(x, "conv_hr")), "conv_last"))


@torch.no_grad()
@pytest.mark.parametrize("build", [EDSR, RCAN])
def test_mean_shift_only_changes_the_range(build, lr) -> None:
    plain, _ = drawn(build(2, **build.TINY))
    shifted = build(2, **build.TINY, mean_shift=True)
    shifted.load_state_dict({**shifted.state_dict(), **plain.state_dict()})
    mean = torch.tensor([0.4488, 0.4371, 0.4040]).view(1, 3, 1, 1)
    torch.testing.assert_close(shifted(lr), plain(255 * (lr - mean)) / 255 + mean, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("build", [OriginalVDSR, DRCN, DRRN, MemNet, EnhanceNet])
def test_residual_networks_start_as_bicubic(build, lr) -> None:
    torch.testing.assert_close(build(3, **build.TINY)(lr), upsampled(lr, 3))


def test_pyramid_and_compact_start_near_their_input(lr) -> None:
    nearest = lr.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert torch.equal(SRVGGNetCompact(2, channels=4, num_layers=1)(lr), nearest)
    pyramid = LapSRN(2, channels=4, num_layers=1)
    nn.init.zeros_(pyramid.convt_R1.weight)
    bilinear = F.interpolate(lr, scale_factor=2, mode="bilinear", align_corners=False)
    torch.testing.assert_close(pyramid(lr)[..., 1:-1, 1:-1], bilinear[..., 1:-1, 1:-1])


def test_luma_networks_see_luma_and_leave_chroma_to_bicubic(lr) -> None:
    network = OriginalVDSR(2, channels=4, num_layers=3, planes="luma")
    torch.testing.assert_close(network(lr), upsampled(lr, 2))  # initially bicubic in both spaces
    nn.init.normal_(network.output.weight, std=0.1)
    change = network(lr) - upsampled(lr, 2)
    assert change.abs().max() > 0.01
    torch.testing.assert_close(change[:, 0], change[:, 1])  # the change is grey: only luma changed
    torch.testing.assert_close(change[:, 0], change[:, 2])
    seen = []
    network.input.register_forward_hook(lambda _m, inputs, _o: seen.append(inputs[0]))
    network(torch.tensor([1.0, 0.5, 0.25]).view(1, 3, 1, 1).expand(1, 3, 4, 4))
    expected = (16 + 65.481 + 0.5 * 128.553 + 0.25 * 24.966) / 255
    torch.testing.assert_close(seen[0], torch.full((1, 1, 8, 8), expected))


@pytest.mark.parametrize("build", [SRCNN, ESPCN, FSRCNN, OriginalVDSR, DRCN, DRRN, LapSRN, MemNet])
def test_planes(build, lr) -> None:
    assert build(2, **build.TINY, planes="luma")(lr).shape == (1, 3, 12, 10)
    with pytest.raises(UserError, match=r"planes.*rgb, luma.*'lumma'.*'luma'"):
        build(2, **build.TINY, planes="lumma")


@pytest.mark.parametrize("build", [SRCNN, ESPCN, FSRCNN, RCAN])
def test_global_skip(build, lr) -> None:
    torch.testing.assert_close(build(2, **build.TINY, global_skip=True)(lr), upsampled(lr, 2))
